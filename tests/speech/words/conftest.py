"""Engines that have loaded real voices."""

from assets import hibari, piper, piper_folder

__all__ = ["hibari", "piper", "piper_folder"]
