"""Wyoming OpenSpeakers: open voices for the home, over the Wyoming protocol."""

__version__ = "0.1.0"
