"""The formats that audio can be had in."""

from __future__ import annotations

from typing import Final, Literal, get_args

AudioFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

FORMATS: Final[tuple[AudioFormat, ...]] = get_args(AudioFormat)

MEDIA_TYPES: Final[dict[AudioFormat, str]] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg; codecs=opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
