"""MP3, Opus, AAC and FLAC while the audio is still being made, through FFmpeg's libraries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from .encode_codecs import Codec
from .pcm import Integers, frames

if TYPE_CHECKING:
    from av.audio import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

_LEAST_SECONDS: Final = 0.003
"""Less audio than this may be none at all after a change of rate, and a file without any audio cannot be opened."""

_FLAC_LENGTH_END: Final = 26
"""Bytes of a FLAC file up to where its length ends."""


class CompressedEncoder:
    """One stream of mono audio; gives back what is ready at every call.

    FFmpeg's libraries come into memory with the first call. `close` gives back what the stream takes of it: as much as
    a megabyte, which would stay for a while because its parts refer to each other.
    """

    def __init__(self, codec: Codec, rate: int) -> None:
        self._codec = codec
        self._source_rate = rate
        self._rate = codec.rate_for(rate)
        self._container: OutputContainer | None = None
        self._sink = _Sink()
        self._padding = 0
        self._encoded = 0
        self._packets = -codec.trim.dropped if codec.trim else 0
        self._most_packets: float = math.inf
        self._start = b""

    def feed(self, pcm: bytes) -> bytes:
        """Take whole samples in and give back what is ready."""
        if not pcm:
            return b""
        stream = self._begun()
        self._encode(stream, np.frombuffer(pcm, "<i2").astype(np.int16, copy=False))
        return self._written()

    def finish(self) -> bytes:
        """Give back the rest."""
        stream = self._begun()
        samples = self._encoded - self._padding
        if trim := self._codec.trim:
            self._most_packets = trim.frames(round(samples * self._rate / self._source_rate))
            self._encode(stream, self._silence((trim.fewest + 1) * trim.frame / self._rate))
        else:
            self._encode(stream, self._silence(_LEAST_SECONDS - samples / self._source_rate))
        self._mux(stream, None)
        self.close()
        return self._written()

    def header(self) -> bytes:
        """What a finished file has instead of its first bytes: FLAC tells its length there."""
        return _with_length(self._start, self._encoded) if self._codec.container == "flac" else b""

    def close(self) -> None:
        """Let go of the stream, at any time."""
        if self._container:
            self._container.close()

    def _begun(self) -> AudioStream:
        if self._container:
            return self._container.streams.audio[0]
        import av

        # The same audio gives the same bytes, without a serial number by chance.
        muxing = {**self._codec.muxing, "flush_packets": "1", "fflags": "+bitexact"}
        self._container = av.open(self._sink, "w", format=self._codec.container, options=muxing)
        stream = self._container.add_stream(self._codec.name, self._rate, options=self._options(), layout="mono")
        assert isinstance(stream, av.AudioStream)
        if self._codec.trim:
            self._encode(stream, self._silence(self._codec.trim.padding / self._rate))
        self._padding = self._encoded
        return stream

    def _options(self) -> dict[str, str]:
        options = dict(self._codec.options)
        if self._codec.bit_rate:
            options["b"] = str(self._codec.bit_rate)
        if self._codec.block:
            options["frame_size"] = str(frames(self._rate, self._codec.block))
        return options

    def _silence(self, seconds: float) -> Integers:
        return np.zeros(frames(self._source_rate, seconds), np.int16)

    def _encode(self, stream: AudioStream, samples: Integers) -> None:
        if not len(samples):
            return
        import av

        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._source_rate
        frame.pts = self._encoded
        self._encoded += len(samples)
        self._mux(stream, frame)

    def _mux(self, stream: AudioStream, frame: AudioFrame | None) -> None:
        assert self._container
        for packet in stream.encode(frame):
            self._packets += 1
            if 0 < self._packets <= self._most_packets:
                self._container.mux(packet)

    def _written(self) -> bytes:
        written = self._sink.take()
        self._start = self._start or written[:_FLAC_LENGTH_END]
        return written


class _Sink:
    """Where a container writes: a stream, so that it never goes back to what has left already."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _with_length(flac: bytes, samples: int) -> bytes:
    """The start of a FLAC file up to its length, with the length: the last 36 bits."""
    fields = int.from_bytes(flac[-8:], "big")
    return flac[:-8] + (fields >> 36 << 36 | samples).to_bytes(8, "big")
