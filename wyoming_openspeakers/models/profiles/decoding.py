"""Bytes of any kind into samples, distrustfully. Runs only in the process that reads recordings."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Literal

import av
import av.error
import numpy as np
import numpy.typing as npt
import soxr
from av.audio.stream import AudioStream
from av.stream import Disposition

Samples = npt.NDArray[np.float32]

RATE = 24_000
"""Hertz of all samples that are kept: what most models that clone listen to."""

_FORMATS = ("wav", "flac", "mp3", "ogg", "mov", "matroska", "aac")
"""Containers; no playlists, pictures, subtitles nor anything that names other files."""

_CODECS = (
    *("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"),
    *("flac", "alac", "mp3float", "mp3", "vorbis", "libvorbis", "opus", "libopus", "aac"),
)
_KINDS = "WAV, FLAC, MP3, OGG, Opus, M4A, AAC or WebM"

_LOWEST_RATE, _HIGHEST_RATE = 8_000, 192_000
_MOST_CHANNELS = 2
_MOST_DAMAGE = 0.1
_FULL_SCALE = 0.9995
_SHORTFALL = 0.9
"""What must be there of the length that a file declares for itself."""

_MOST_CHUNKS = 64
_UNKNOWN_LENGTHS = (0xFFFFFFFF, 0x7FFFFFFF, 0)
"""What programs write that do not know yet how long a WAV file will be."""

_OPTIONS = {
    "format_whitelist": "wav,flac,mp3,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac",
    "codec_whitelist": ",".join(_CODECS),
    "protocol_whitelist": "none",
    "probesize": "5000000",
    "max_streams": "8",
}


class Refused(Exception):
    """The recording cannot be used; the text says why and what to do."""

    def __init__(self, text: str, why: Literal["bad", "large"] = "bad") -> None:
        super().__init__(text)
        self.why = why


@dataclass(frozen=True)
class Decoded:
    """What was recorded."""

    samples: Samples
    """Mono."""

    rate: int
    """Hertz that it was recorded at."""

    clipped: float
    """The share of samples that stand at the limit of the scale."""


def decode(file: IO[bytes], longest: float) -> Decoded:
    """The samples in a file, which is open: no name is ever handed on."""
    _check_wav(file)
    try:
        with av.open(file, "r", options=_OPTIONS, metadata_errors="ignore") as container:
            stream = _only_audio(container)
            return _Decoder(longest, _declared(container)).decode(_frames(container, stream))
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise Refused(f"It is no recording that can be read; send {_KINDS}") from None


def _check_wav(file: IO[bytes]) -> None:
    """Refuse a WAV file that has much less than its header says: the decoder takes what there is for all."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    riff, _, kind = struct.unpack("<4sI4s", file.read(12).ljust(12, b"\0"))
    for _ in range(_MOST_CHUNKS if (riff, kind) == (b"RIFF", b"WAVE") else 0):
        name, length = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
        if name == b"data":
            there = size - file.tell()
            if length not in _UNKNOWN_LENGTHS and there < length * _SHORTFALL:
                raise Refused(f"The file breaks off: of {length:,} bytes of sound that it declares {there:,} are there")
            break
        file.seek(length + length % 2, io.SEEK_CUR)
    file.seek(0)


def _only_audio(container: av.container.InputContainer) -> AudioStream:
    if not set(container.format.name.split(",")) & set(_FORMATS):
        raise Refused(f"It is no recording that can be read; send {_KINDS}")
    streams = container.streams
    pictures = [video for video in streams.video if not video.disposition & Disposition.attached_pic]
    if pictures or len(streams.audio) != 1:
        what = "It is a video" if pictures else f"It has {len(streams.audio)} audio tracks"
        raise Refused(f"{what}; send a recording with one audio track: {_KINDS}")
    stream = streams.audio[0]
    if stream.codec_context is None or stream.codec_context.name not in _CODECS:
        raise Refused(f"Its audio is coded in a way that is not read here; send {_KINDS}")
    stream.codec_context.thread_type = "NONE"
    return stream


def _declared(container: av.container.InputContainer) -> float:
    """Seconds that a file says it has, where it says so exactly."""
    exact = container.format.name == "flac" or container.format.name.startswith("mov")
    return container.duration / 1_000_000 if exact and container.duration else 0.0


def _frames(container: av.container.InputContainer, stream: AudioStream) -> Iterator[Any]:
    packets = damaged = 0
    for packet in container.demux(stream):
        packets += 1
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            damaged += 1
    if damaged > 1 + packets * _MOST_DAMAGE:
        raise Refused("The file is damaged: much of it cannot be read")


class _Decoder:
    def __init__(self, longest: float, declared: float) -> None:
        self._longest = longest
        self._declared = declared
        self._shape: tuple[int, int] | None = None
        self._taken = 0
        self._clipped = 0

    def decode(self, frames: Iterator[Any]) -> Decoded:
        resampler: Any = None
        kept: list[Samples] = []
        for frame in frames:
            samples = self._samples(frame)
            if resampler is None:
                resampler = soxr.ResampleStream(frame.sample_rate, RATE, samples.shape[1], dtype="float32")
            kept.append(resampler.resample_chunk(samples))
        if resampler is None or self._shape is None:
            raise Refused("There is no sound in it")
        kept.append(resampler.resample_chunk(np.zeros((0, self._shape[1]), np.float32), last=True))
        rate, channels = self._shape
        if self._taken / rate < self._declared * _SHORTFALL:
            raise Refused(
                f"The file breaks off: it says that it lasts {self._declared:.1f} s, "
                f"but {self._taken / rate:.1f} s are there"
            )
        return Decoded(_mono(np.concatenate(kept)), rate, self._clipped / max(1, self._taken * channels))

    def _samples(self, frame: Any) -> Samples:
        """The frame's samples, one row per moment."""
        shape = frame.sample_rate, frame.layout.nb_channels
        self._check(shape)
        if self._shape not in (None, shape):
            raise Refused("Its sample rate or its channels change on the way; send one recording")
        self._shape = shape
        self._taken += frame.samples
        if self._taken > self._longest * frame.sample_rate:
            raise Refused(f"The recording is longer than {self._longest:g} s; send a shorter one", "large")
        samples = _floats(frame.to_ndarray())
        samples = samples.T if frame.format.is_planar else samples.reshape(-1, shape[1])
        if not np.isfinite(samples).all():
            raise Refused("It contains samples that are no numbers")
        at_limit = np.abs(samples) >= _FULL_SCALE
        self._clipped += int(np.count_nonzero(at_limit[1:] & at_limit[:-1]))
        return np.ascontiguousarray(samples)

    @staticmethod
    def _check(shape: tuple[int, int]) -> None:
        rate, channels = shape
        if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
            raise Refused(f"Its sample rate is {rate} Hz; send {_LOWEST_RATE} to {_HIGHEST_RATE} Hz")
        if channels > _MOST_CHANNELS:
            raise Refused(f"It has {channels} channels; send mono or stereo")


def _floats(samples: npt.NDArray[Any]) -> Samples:
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - np.float32(128)) / np.float32(128)
    if samples.dtype.kind == "i":
        return np.asarray(samples / -float(np.iinfo(samples.dtype).min), np.float32)
    return np.asarray(samples, np.float32)


def _mono(samples: Samples) -> Samples:
    """Both channels together, or the louder where they cancel each other out or one is silent."""
    mixed = np.asarray(samples.mean(axis=1), np.float32)
    energies = np.mean(np.square(samples), axis=0, dtype=np.float64)
    if np.mean(np.square(mixed), dtype=np.float64) < energies.max() / 3:
        return samples[:, int(energies.argmax())].copy()
    return mixed
