"""Recordings of nobody: sounds with the rhythm of speech, in every kind of file."""

from __future__ import annotations

import io
import wave
from functools import cache
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soundfile

Samples = npt.NDArray[np.float32]

RATE = 44_100


@cache
def speech(seconds: float = 6.0, rate: int = RATE, *, level: float = 0.3, noise: float = 0.0005) -> Samples:
    """Syllables of a voice of 150 Hz, a second of them and a third of a pause."""
    time = np.arange(int(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 8)) / 2
    syllables = np.clip(np.sin(2 * np.pi * 4 * time) + 0.8, 0, 1) * (time % 1.3 < 1)
    hiss = np.random.default_rng(7).normal(0, noise, len(time)) if noise else 0
    samples = np.asarray(level * voice * syllables + hiss, np.float32)
    samples.flags.writeable = False
    return samples


def wav(samples: Samples, rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV file of 16-bit samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def coded(samples: Samples, rate: int, container: str, codec: str, sample_format: str, **options: Any) -> bytes:
    """A file of another kind."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = sample_format
        stream.codec_context.options = {name: str(value) for name, value in options.items()}
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(sample_format, "mono", rate, frame_size=stream.codec_context.frame_size or 0)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


KINDS: dict[str, tuple[int, str, str, str]] = {
    "flac": (44_100, "flac", "flac", "s16"),
    "mp3": (44_100, "mp3", "libmp3lame", "s16p"),
    "opus": (48_000, "ogg", "libopus", "s16"),
    "m4a": (44_100, "ipod", "aac", "fltp"),
    "aac": (44_100, "adts", "aac", "fltp"),
    "webm": (48_000, "webm", "libopus", "s16"),
    "wav24": (96_000, "wav", "pcm_s24le", "s32"),
    "wav_float": (8_000, "wav", "pcm_f32le", "flt"),
}
"""Kinds of file, by what a person calls them: rate, container, codec, format of its samples."""


def recording(kind: str, seconds: float = 6.0) -> bytes:
    """A recording as a file of some kind."""
    if kind == "vorbis":
        file = io.BytesIO()
        soundfile.write(file, speech(seconds), RATE, format="OGG", subtype="VORBIS")
        return file.getvalue()
    rate, container, codec, sample_format = KINDS[kind]
    return coded(speech(seconds, rate), rate, container, codec, sample_format)
