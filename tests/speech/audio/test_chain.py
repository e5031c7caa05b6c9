"""A response from segments to PCM."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.audio.chain import AudioChain, ChainOptions

PLAIN = ChainOptions(segment_pause=0, trim=False)


def samples_of(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2") / 32768


def tone(rate: int, seconds: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 300 * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def speak(chain: AudioChain, rate: int, samples: np.ndarray, chunk: int = 480, gain: float = 1.0) -> bytes:
    chain.begin_segment(rate, gain)
    parts = [chain.feed(samples[start : start + chunk]) for start in range(0, len(samples), chunk)]
    return b"".join([*parts, chain.end_segment()])


def test_without_work_to_do_every_bit_stays() -> None:
    original = np.random.default_rng(0).integers(-29000, 29000, 5000, dtype=np.int16)
    chain = AudioChain(PLAIN)

    pcm = speak(chain, 24000, original.astype(np.float32) / 32768) + chain.finish()

    assert pcm == original.astype("<i2").tobytes()


def test_segments_of_any_rate_come_out_at_the_first_ones() -> None:
    chain = AudioChain(PLAIN)

    pcm = speak(chain, 24000, tone(24000, 0.5)) + speak(chain, 22050, tone(22050, 0.5)) + chain.finish()

    assert chain.rate == 24000
    assert np.allclose(samples_of(pcm)[12500:23500], tone(24000, 0.5)[500:11500], atol=1e-3)
    assert len(samples_of(pcm)) == pytest.approx(24000, abs=1)


def test_an_output_rate_holds_for_all_segments() -> None:
    chain = AudioChain(ChainOptions(output_rate=16000, segment_pause=0, trim=False))
    assert chain.rate == 16000

    pcm = speak(chain, 24000, tone(24000, 1)) + chain.finish()

    assert len(samples_of(pcm)) == pytest.approx(16000, abs=1)
    assert chain.seconds == pytest.approx(1, abs=0.001)


def test_silences_are_exact() -> None:
    chain = AudioChain(ChainOptions(lead_silence=0.1, tail_silence=0.3, segment_pause=0.2, trim=False))
    loud = np.full(1000, 0.5, np.float32)

    pcm = speak(chain, 10000, loud) + speak(chain, 10000, loud) + chain.finish()

    parts = [(1000, 0), (1000, 0.5), (2000, 0), (1000, 0.5), (3000, 0)]
    assert samples_of(pcm).tolist() == np.repeat([level for _, level in parts], [count for count, _ in parts]).tolist()


def test_a_segment_may_ask_for_its_own_pause() -> None:
    chain = AudioChain(ChainOptions(segment_pause=0.2, trim=False))
    loud = np.full(1000, 0.5, np.float32)
    pcm = speak(chain, 10000, loud)
    chain.begin_segment(10000, pause=0.05)

    pcm += chain.feed(loud) + chain.finish()

    assert len(samples_of(pcm)) == 1000 + 500 + 1000


def test_a_segment_without_audio_leaves_no_trace() -> None:
    options = ChainOptions(segment_pause=0.2)
    with_gap, without = AudioChain(options), AudioChain(options)
    speech, silence = tone(24000, 0.4), np.zeros(9600, np.float32)

    first = [speak(with_gap, 24000, part) for part in (silence, speech, silence, speech)]
    second = [speak(without, 24000, part) for part in (speech, speech)]

    assert b"".join(first) + with_gap.finish() == b"".join(second) + without.finish()


@pytest.mark.parametrize("segments", [0, 1])
def test_an_empty_response_is_a_short_silence(segments: int) -> None:
    chain = AudioChain(ChainOptions(lead_silence=1, tail_silence=1, silence_if_empty=0.1))
    pcm = b"".join(speak(chain, 24000, np.zeros(5000, np.float32)) for _ in range(segments))

    pcm += chain.finish()

    assert chain.rate in (22050, 24000)
    assert pcm == bytes(2 * round(chain.rate * 0.1))


def test_an_empty_response_may_have_no_audio() -> None:
    assert AudioChain(ChainOptions(silence_if_empty=0)).finish() == b""


def test_gain_applies_and_peaks_bend() -> None:
    chain = AudioChain(PLAIN)

    quiet = samples_of(speak(chain, 24000, tone(24000, 0.1, 0.1), gain=2))
    loud = samples_of(speak(chain, 24000, tone(24000, 0.1, 0.9), gain=4))

    assert np.allclose(quiet, tone(24000, 0.1, 0.2), atol=1e-4)
    assert 0.95 < np.abs(loud).max() <= 1
    assert np.all(loud * quiet >= 0)


def test_engines_padding_goes_and_joins_do_not_click() -> None:
    chain = AudioChain(ChainOptions(segment_pause=0.2))
    hum = np.full(9600, 0.0009, np.float32)
    padded = np.concatenate((hum, tone(24000, 0.5), hum))

    samples = samples_of(speak(chain, 24000, padded) + speak(chain, 24000, padded) + chain.finish())

    assert len(samples) / 24000 == pytest.approx(2 * (0.03 + 0.5 + 0.08) + 0.2, abs=0.002)
    assert np.abs(np.diff(samples)).max() <= np.abs(np.diff(padded)).max() + 1e-4
    edges = np.concatenate((samples[:2], samples[-2:], samples[14640 - 2 : 14640 + 2]))
    assert np.abs(edges).max() < 0.0002


def test_trimming_can_be_declined_by_a_segment() -> None:
    chain = AudioChain()
    chain.begin_segment(24000, trim=False)

    pcm = chain.feed(np.zeros(2400, np.float32))

    assert pcm == bytes(4800)


def test_speech_leaves_at_once_when_rates_are_equal() -> None:
    chain = AudioChain()
    chain.begin_segment(24000)

    assert len(chain.feed(np.full(480, 0.5, np.float32))) == 960


def test_numbers_that_are_none_do_not_spread() -> None:
    chain = AudioChain(ChainOptions(output_rate=16000, trim=False))
    bad = tone(24000, 0.5)
    bad[100] = np.nan
    bad[200] = np.inf

    samples = samples_of(speak(chain, 24000, bad))

    assert np.allclose(samples[4000:7500], tone(16000, 0.5)[4000:7500], atol=1e-3)


def test_misuse_is_told() -> None:
    chain = AudioChain()
    with pytest.raises(RuntimeError):
        chain.feed(np.zeros(1, np.float32))
    with pytest.raises(RuntimeError):
        chain.end_segment()
    chain.begin_segment(24000)
    with pytest.raises(RuntimeError):
        chain.begin_segment(24000)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from((16000, 22050, 24000)), st.integers(0, 4000), st.integers(1, 3000)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from((None, 16000, 22050)),
)
def test_nothing_is_lost(segments: list[tuple[int, int, int]], output_rate: int | None) -> None:
    chain = AudioChain(ChainOptions(output_rate=output_rate, segment_pause=0.01, trim=False, silence_if_empty=0))
    chunks = [speak(chain, rate, tone(rate, length / rate), chunk) for rate, length, chunk in segments]
    chunks.append(chain.finish())
    target = output_rate or segments[0][0]

    lengths = [length * target / rate for rate, length, _ in segments if length]
    expected = sum(lengths) + max(0, len(lengths) - 1) * round(target * 0.01)

    assert all(len(chunk) % 2 == 0 for chunk in chunks)
    assert abs(sum(map(len, chunks)) // 2 - expected) <= len(segments)
