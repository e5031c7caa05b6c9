"""Each engine loaded once, with real weights."""

from assets import hibari, kokoro, kokoro_folder, piper, piper_folder

__all__ = ["hibari", "kokoro", "kokoro_folder", "piper", "piper_folder"]
