"""The words of a response, in seconds of the audio that a listener gets."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fault_models import models_file
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import Audio, Word
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.audio.chain import AudioChain, ChainOptions, Placed
from wyoming_openspeakers.speech.request import SpeechRequest, TextFeed
from wyoming_openspeakers.speech.text.normalize import normalize
from wyoming_openspeakers.speech.words import SpokenWord
from wyoming_openspeakers.speech.words import timeline as module
from wyoming_openspeakers.speech.words.timing import Said, spoken_words
from wyoming_openspeakers.speech.words.tokens import split_words

StartService = Callable[..., Any]

RATE = 16_000


async def hear(service: Service, text: str | TextFeed, **request: Any) -> tuple[list[SpokenWord], np.ndarray, int]:
    async with service.speech.speak(SpeechRequest(words=True, **request), text) as response:
        pcm = b"".join([pcm async for pcm in response.pcm()])
        return list(response.words), np.frombuffer(pcm, np.int16), response.rate


@pytest.fixture
async def tones(start: StartService) -> Service:
    """A service whose engine says a tone of 0.1 s for each word."""
    service: Service = await start(models_file(fault={}), text__numbers=True)
    return service


def onsets(samples: np.ndarray, rate: int) -> list[float]:
    """Where sound begins after a silence of 40 ms or more."""
    at = np.flatnonzero(np.abs(samples) > 50) / rate
    return [float(at[0]), *(at[1:][np.diff(at) > 0.04]).tolist()]


def is_in_order(words: list[SpokenWord], seconds: float) -> bool:
    times = [time for word in words for time in (word.start, word.end)]
    return times == sorted(times) and times[0] >= 0 and times[-1] <= seconds


async def test_sentences_lie_where_they_are_heard(tones: Service) -> None:
    words, samples, rate = await hear(tones, "**tone** tone. tone. tone tone tone.")
    assert [word.text for word in words] == ["tone", "tone.", "tone.", "tone", "tone", "tone."]
    assert is_in_order(words, len(samples) / rate)
    assert [words[0].start, words[2].start, words[3].start] == pytest.approx(onsets(samples, rate), abs=0.06)


@pytest.mark.parametrize("request_", [{"pitch": 4.0}, {"output_rate": 8000}, {"speed": 1.0}])
async def test_pitch_and_rate_move_the_words(tones: Service, request_: dict[str, Any]) -> None:
    words, samples, rate = await hear(tones, "tone tone tone. tone.", **request_)
    assert is_in_order(words, len(samples) / rate)
    assert [words[0].start, words[3].start] == pytest.approx(onsets(samples, rate), abs=0.06)


async def test_text_that_comes_in_pieces(tones: Service) -> None:
    feed = tones.speech.text_feed()
    for piece in ("to", "ne tone. to", "ne."):
        feed.put(piece)
    feed.close()
    words, *_ = await hear(tones, feed)
    assert [word.text for word in words] == ["tone", "tone.", "tone."]


async def test_ssml(tones: Service) -> None:
    text = '<speak>tone tone.<break time="700ms"/>tone.</speak>'
    words, *_ = await hear(tones, text, ssml=True)
    assert [word.text for word in words] == ["tone", "tone.", "tone."]
    assert words[2].start - words[1].end > 0.6


async def test_phrases_from_the_cache_have_their_words(tones: Service) -> None:
    first, *_ = await hear(tones, "tone tone tone.")
    again, *_ = await hear(tones, "tone tone tone.")
    assert [word.text for word in again] == [word.text for word in first] == ["tone", "tone", "tone."]
    assert [word.start for word in again] == pytest.approx([word.start for word in first], abs=0.06)


@pytest.mark.slow
async def test_nothing_is_looked_for_when_nobody_asked(tones: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[SpokenWord]:
        raise AssertionError

    monkeypatch.setattr(module, "spoken_words", fail)
    async with tones.speech.speak(SpeechRequest(), "tone.") as response:
        assert [pcm async for pcm in response.pcm()]
        assert response.words == []


async def test_who_leaves_early_leaves_nothing_behind(tones: Service) -> None:
    before = asyncio.all_tasks()
    async with tones.speech.speak(SpeechRequest(words=True), "tone. tone. tone. tone.") as response:
        await anext(response.pcm())
    async with asyncio.timeout(2):
        while not asyncio.all_tasks() <= before:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)


def test_what_the_engine_tells_is_taken() -> None:
    told = (Word("twenty", 0.5, 0.8), Word("six.", 0.8, 1.2))
    said = Said("26.", "twenty six.", np.zeros(RATE, np.float32), RATE, told, Placed(10, 11, 9.8), 2.0)
    (word,) = spoken_words(said, lambda word: "twenty six")
    assert word.text == "26."
    assert [word.start, word.end] == pytest.approx([10.05, 10.4])


def test_words_stay_within_the_audio_of_their_sentence() -> None:
    told = (Word("a", -1, 0.1), Word("b", 0.1, 9))
    said = Said("a b", "a b", np.zeros(RATE, np.float32), RATE, told, Placed(1, 2, 1), 1.0)
    words = spoken_words(said, str)
    assert words[0].start == 1 and words[-1].end == 2
    assert all(one.end <= other.start for one, other in pairwise(words))


@settings(deadline=None, max_examples=60)
@given(st.text(st.sampled_from("ab Dr.$19:,°C%—東今🧺\n"), max_size=30))
def test_any_text_has_each_of_its_words_in_order(text: str) -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    said = Said(text, normalize(text, "en-US"), noise, RATE, (), Placed(0, 1, 0), 1.0)
    words = spoken_words(said, lambda word: normalize(word, "en-US"))
    assert [word.text for word in words] == split_words(text)
    assert not words or is_in_order(words, 1.0)


def test_audio_of_many_chunks_is_one_sentence() -> None:
    async def listen() -> list[SpokenWord]:
        timeline = module.Timeline(lambda text, language: text)
        for number in range(2):
            timeline.hear(Audio(np.ones(100, np.float32), 100, (Word("ab"[number], number, number + 0.5),)))
        timeline.end_sentence(sentence("a b"), Placed(0, 2, 0), 1.0)
        await timeline.settle()
        return timeline.words

    assert asyncio.run(listen()) == [SpokenWord("a", 0, 0.5), SpokenWord("b", 1, 1.5)]


def sentence(text: str) -> Any:
    class Sentence:
        language = "en"
        words = text

    Sentence.text = text  # type: ignore[attr-defined]
    return Sentence()


@pytest.mark.parametrize("chunk", [100, 16_000])
@pytest.mark.parametrize("output_rate", [None, 24_000])
def test_a_segments_own_times_count_from_its_origin(chunk: int, output_rate: int | None) -> None:
    chain = AudioChain(ChainOptions(lead_silence=0.25, segment_pause=0.5, output_rate=output_rate))
    sound = np.zeros(RATE, np.float32)
    sound[8000:12_000] = np.sin(np.arange(4000) / 3).astype(np.float32)
    pcm = b""
    origins = []
    for _ in range(2):
        chain.begin_segment(RATE, trim=True, pitch=2.0)
        for begin in range(0, RATE, chunk):
            pcm += chain.feed(sound[begin : begin + chunk])
        pcm += chain.end_segment()
        origins.append(chain.placed.origin)
        assert chain.placed.begin < chain.placed.origin + 0.25 < chain.placed.end
    rate = chain.rate
    assert rate is not None
    assert onsets(np.frombuffer(pcm, np.int16), rate) == pytest.approx([at + 0.25 for at in origins], abs=0.002)
