"""When each word is said, and subtitles made of that."""

from .subtitles import to_json, to_srt, to_vtt
from .word import SpokenWord

__all__ = ["SpokenWord", "to_json", "to_srt", "to_vtt"]
