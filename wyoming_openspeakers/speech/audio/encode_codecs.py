"""How each compressed format is written, so that a stream is heard early and lasts as long as its audio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .formats import AudioFormat


@dataclass(frozen=True)
class Trim:
    """Where audio lies among frames of a fixed length, in a format whose players play all of every frame.

    Lengths in samples. A player needs the frame before to play one undamaged, and the first that is left has none
    before it: `lead` makes room for what suffers.
    """

    frame: int
    delay: int
    """From a sample to where it is heard when no frame is dropped."""

    lead: int
    """Silence that is left before the first sample."""

    spare: int
    """How much of the last samples may go, rather than be followed by almost a whole frame of silence."""

    fewest: int = 1
    """Frames that players need to make sense of a stream."""

    @property
    def padding(self) -> int:
        """Silence to encode before the first sample, so that it is heard `lead` after the start of a frame."""
        return -(self.delay - self.lead) % self.frame

    @property
    def dropped(self) -> int:
        """Frames before that one."""
        return (self.delay - self.lead + self.padding) // self.frame

    def frames(self, samples: int) -> int:
        """How many frames make up audio of this length."""
        return max(self.fewest, math.ceil((self.lead + samples - self.spare) / self.frame))


@dataclass(frozen=True)
class Codec:
    """How a format is written."""

    name: str
    """The encoder's, in FFmpeg."""

    container: str
    rates: tuple[int, ...] = ()
    """Hertz it can have, the first for audio of any other rate; all when empty."""

    bit_rate: int | None = None
    block: float | None = None
    """Seconds of audio in a block, where the format leaves it open."""

    options: Mapping[str, str] = field(default_factory=dict)
    muxing: Mapping[str, str] = field(default_factory=dict)
    trim: Trim | None = None
    """For a format that cannot tell players where the audio starts and ends before all of it is known."""

    def rate_for(self, source: int) -> int:
        """Hertz to write audio of a rate with."""
        return source if not self.rates or source in self.rates else self.rates[0]


CODECS: Final[Mapping[AudioFormat, Codec]] = {
    # A constant bit rate tells players how long a file is. At 48 kHz frames are shortest, and every player has them.
    # Without the bit reservoir, no frame needs bits of those that are dropped.
    "mp3": Codec(
        "libmp3lame",
        "mp3",
        rates=(48_000,),
        bit_rate=96_000,
        options={"reservoir": "0", "compression_level": "5"},
        muxing={"write_xing": "0", "id3v2_version": "0"},
        trim=Trim(frame=1152, delay=1105, lead=575, spare=300, fewest=2),
    ),
    "aac": Codec(
        "aac",
        "adts",
        rates=(48_000,),
        bit_rate=96_000,
        trim=Trim(frame=1024, delay=1024, lead=640, spare=240),
    ),
    # The muxer holds one page back, so pages are as short as they can be.
    "opus": Codec(
        "libopus",
        "ogg",
        rates=(48_000, 24_000, 16_000, 12_000, 8_000),
        bit_rate=48_000,
        muxing={"page_duration": "20000"},
    ),
    "flac": Codec("flac", "flac", block=0.04, muxing={"metadata_header_padding": "0"}),
}
