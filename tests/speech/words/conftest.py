"""Engines that have loaded real voices."""

from assets import cut_voices, hibari, piper, piper_folder

__all__ = ["cut_voices", "hibari", "piper", "piper_folder"]
