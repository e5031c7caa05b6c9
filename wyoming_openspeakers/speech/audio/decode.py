"""Our own audio files back to PCM, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .pcm import WIDTH

_PIECE_SECONDS: Final = 0.25

_SPEECH_RATE: Final = 24_000
"""What bare PCM has, and what is enough for files whose format has a rate of its own."""

_CONTAINERS: Final = {".mp3": "mp3", ".opus": "ogg", ".aac": "aac", ".flac": "flac", ".wav": "wav"}

_LOSSLESS: Final = {".flac", ".wav"}


def decoded(path: Path) -> Iterator[tuple[int, bytes]]:
    """The rate and s16le mono PCM of a file that `Encoder` wrote, in the format that its suffix names. Blocks."""
    pieces = _bare(path) if path.suffix == ".pcm" else _contained(path)
    pending = bytearray()
    rate = _SPEECH_RATE
    for rate, pcm in pieces:
        pending += pcm
        size = WIDTH * round(rate * _PIECE_SECONDS)
        while len(pending) >= size:
            yield rate, bytes(pending[:size])
            del pending[:size]
    if whole := len(pending) // WIDTH * WIDTH:
        yield rate, bytes(pending[:whole])


def _bare(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        while pcm := file.read(WIDTH * round(_SPEECH_RATE * _PIECE_SECONDS)):
            yield _SPEECH_RATE, pcm


def _contained(path: Path) -> Iterator[tuple[int, bytes]]:
    import av

    # The name is opened here: FFmpeg would read a name with a colon as an address.
    with path.open("rb") as file, av.open(file, "r", format=_CONTAINERS[path.suffix]) as container:
        stream = container.streams.audio[0]
        rate = stream.rate if path.suffix in _LOSSLESS else _SPEECH_RATE
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        for frame in container.decode(stream):
            for converted in resampler.resample(frame):
                yield rate, bytes(converted.to_ndarray())
        for converted in resampler.resample(None):
            yield rate, bytes(converted.to_ndarray())
