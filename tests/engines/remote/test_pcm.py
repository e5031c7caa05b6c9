"""Audio that comes in any pieces is the audio that was sent."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import EngineError, Samples
from wyoming_openspeakers.engines.remote.pcm import SoundDecoder

SAMPLES = (np.sin(np.arange(300) / 7) * 20_000).astype("<i2")


def wav(width: int = 2, channels: int = 1, rate: int = 44_100) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate, 0, "NONE", ""))
        numbers = SAMPLES.astype("<i8") << 8 * (width - 2) if width > 1 else (SAMPLES.astype("<i8") >> 8) + 128
        data = numbers.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
        writer.writeframes(np.repeat(data, channels, axis=0).tobytes())
    return file.getvalue()


def decoded(decoder: SoundDecoder, data: bytes, cuts: Sequence[int]) -> Samples:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return np.concatenate([decoder.feed(data[a:b]) for a, b in pairwise(edges)])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 700)), st.booleans())
def test_pieces_make_no_difference(cuts: list[int], is_wav: bool) -> None:
    decoder = SoundDecoder(24_000)
    samples = decoded(decoder, wav() if is_wav else SAMPLES.tobytes(), cuts)
    assert np.array_equal(np.round(samples * 32768).astype("<i2"), SAMPLES)
    assert decoder.rate == (44_100 if is_wav else 24_000) and decoder.is_whole


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 1), (4, 2)])
def test_wav_of_any_kind(width: int, channels: int) -> None:
    samples = decoded(SoundDecoder(24_000), wav(width, channels), [5, 43, 200])
    assert float(np.abs(samples - SAMPLES / 32768).max()) < (0.01 if width == 1 else 0.0001)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_that_does_not_know_its_length(size: int) -> None:
    data = bytearray(wav())
    data[40:44] = size.to_bytes(4, "little")
    decoder = SoundDecoder(24_000)
    assert decoded(decoder, bytes(data), [50]).size == SAMPLES.size and decoder.is_whole


def test_what_follows_the_sound_is_not_heard() -> None:
    decoder = SoundDecoder(24_000)
    assert decoded(decoder, wav() + b"LIST\x04\x00\x00\x00abcd", [700]).size == SAMPLES.size


@pytest.mark.parametrize("data", [wav()[:-1], wav()[:60], wav()[:20], SAMPLES.tobytes()[:-1], b"RI"])
def test_what_is_cut_is_not_whole(data: bytes) -> None:
    decoder = SoundDecoder(24_000)
    decoder.feed(data)
    assert not decoder.is_whole


@pytest.mark.parametrize("data", [b"RIFF\0\0\0\0AVI fmt ", b"RIFF\0\0\0\0WAVEdata\0\0\0\0", wav(rate=1)])
def test_nonsense_is_told(data: bytes) -> None:
    with pytest.raises(EngineError):
        SoundDecoder(24_000).feed(data)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    with suppress(EngineError):
        assert np.isfinite(SoundDecoder(24_000).feed(b"RIFF\0\0\0\0WAVE" + data)).all()
