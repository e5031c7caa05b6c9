"""Samples as floats and as integers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.audio import pcm


def test_rounds_and_saturates() -> None:
    samples = np.array([0, 0.4 / 32768, 0.6 / 32768, 1, -1, 7, -7], np.float32)

    assert pcm.to_int16(samples).tolist() == [0, 0, 1, 32767, -32768, 32767, -32768]


def test_wire_format_is_little_endian() -> None:
    assert pcm.to_s16le(np.array([1 / 32768, -1], np.float32)) == b"\x01\x00\x00\x80"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-32768, 32767)))
def test_integers_survive_a_round_trip(values: list[int]) -> None:
    integers = np.array(values, np.int16)

    assert np.array_equal(pcm.to_int16(pcm.from_int16(integers)), integers)


def test_the_input_stays_as_it_was() -> None:
    samples = np.full(3, 2, np.float32)

    pcm.to_int16(samples)

    assert samples.tolist() == [2, 2, 2]


def test_silence_lasts_as_long_as_asked() -> None:
    assert pcm.silence(22050, 0.1) == bytes(2 * 2205)
    assert pcm.silence(22050, -1) == b""
