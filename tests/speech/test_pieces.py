"""Sentences in work: their audio as it comes, their errors where they happen, and what the engine is asked."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_models import journal, models_file

from wyoming_openspeakers.engines.base import Audio, Reference
from wyoming_openspeakers.errors import SynthesisFailed
from wyoming_openspeakers.models.manager import Turn
from wyoming_openspeakers.models.voices import ChosenVoice, InstalledVoice
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.pieces import Piece, Sentence, Utterance, _message
from wyoming_openspeakers.speech.request import SpeechRequest

StartService = Callable[..., Any]


def audio(value: float) -> Audio:
    return Audio(np.full(10, value, np.float32), 16000)


def a_sentence(service: Service, words: str = "tone tone.", **fields: Any) -> Sentence:
    voice: ChosenVoice = fields.pop("voice", None) or service.manager.catalog.default()
    return Sentence(words, voice, fields.pop("language", "en-US"), **fields)


async def spoken(service: Service, sentence: Sentence, request: SpeechRequest | None = None) -> list[Audio]:
    utterance = Utterance(sentence, request or SpeechRequest(), Turn(), service.manager, service.speech.cache)
    await utterance.look()
    return [chunk async for chunk in utterance.audio()]


async def test_audio_is_there_as_it_comes_and_an_error_after_it() -> None:
    go_on = asyncio.Event()

    async def source() -> AsyncGenerator[Audio, None]:
        yield audio(1)
        await go_on.wait()
        yield audio(2)
        raise SynthesisFailed("broken")

    piece = Piece(Sentence("x", None, "en"), 1)  # type: ignore[arg-type]
    filling = asyncio.create_task(piece.fill(source()))
    heard = piece.audio()
    assert (await asyncio.wait_for(anext(heard), 1)).samples[0] == 1
    go_on.set()
    assert (await asyncio.wait_for(anext(heard), 1)).samples[0] == 2
    with pytest.raises(SynthesisFailed):
        await anext(heard)
    await filling


async def test_a_source_is_closed_when_its_piece_is_given_up() -> None:
    closed = asyncio.Event()

    async def source() -> AsyncGenerator[Audio, None]:
        try:
            yield audio(1)
            await asyncio.sleep(60)
        finally:
            closed.set()

    filling = asyncio.create_task(Piece(Sentence("x", None, "en"), 1).fill(source()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)
    assert closed.is_set()


async def test_the_speed_stays_within_what_the_engine_can(start: StartService, tmp_path: Path) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}))
    for speed in (0.1, 1.5, 9.0):
        await spoken(service, a_sentence(service, speed=speed))
    assert journal(tmp_path / "journal") == [
        {"text": "tone tone.", "speed": speed, "language": "en-US"} for speed in (0.5, 1.5, 2.0)
    ]


async def test_a_voice_of_chance_is_the_same_person_each_time(start: StartService) -> None:
    service = await start(models_file(fault={}))
    sentence = a_sentence(service)
    installed = sentence.voice.installed
    by_seed = replace(installed, capabilities=replace(installed.capabilities, voice_by_seed=True))
    other = replace(by_seed, voice=replace(by_seed.voice, name="another"))
    recorded = replace(by_seed, references=(Reference("x.wav", "1"),))
    styled = replace(by_seed, style=replace(by_seed.style, seed=3))

    def seed(of: InstalledVoice, own: int | None = None) -> int | None:
        chosen = replace(sentence, voice=replace(sentence.voice, installed=of))
        return _message(chosen, SpeechRequest(seed=own)).seed

    assert seed(installed) is None and seed(recorded) is None
    assert seed(by_seed) == seed(by_seed) != seed(other)
    assert (seed(styled), seed(styled, 9)) == (3, 9)


async def test_what_was_said_before_comes_from_the_cache(start: StartService, tmp_path: Path) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}))
    first = await spoken(service, a_sentence(service))
    (again,) = await spoken(service, a_sentence(service))
    assert len(journal(tmp_path / "journal")) == 1
    whole = np.concatenate([chunk.samples for chunk in first])
    assert again.rate == first[0].rate and np.abs(again.samples - whole).max() <= 1 / 32767


async def test_what_sounds_otherwise_is_spoken_anew(start: StartService, tmp_path: Path) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}))
    others: list[tuple[dict[str, Any], SpeechRequest]] = [
        ({}, SpeechRequest()),
        ({"words": "tone tone!"}, SpeechRequest()),
        ({"speed": 1.5}, SpeechRequest()),
        ({"language": "en-GB"}, SpeechRequest()),
        ({}, SpeechRequest(seed=1)),
        ({}, SpeechRequest(parameters={"level": 0.5})),
        ({}, SpeechRequest(use_cache=False)),
    ]
    for count, (fields, request) in enumerate(others, 1):
        await spoken(service, a_sentence(service, **fields), request)
        assert len(journal(tmp_path / "journal")) == count, (fields, request)


async def test_what_decides_only_when_it_is_heard_does_not_matter(start: StartService, tmp_path: Path) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}))
    await spoken(service, a_sentence(service))
    await spoken(service, a_sentence(service, pause_before=1.0, needed_in=3.0), SpeechRequest(client="another"))
    assert len(journal(tmp_path / "journal")) == 1


async def test_without_the_cache_nothing_is_left_in_it(start: StartService) -> None:
    service = await start()
    await spoken(service, a_sentence(service), SpeechRequest(use_cache=False))
    await spoken(service, a_sentence(service))
    assert (service.speech.cache.stats.hits, service.speech.cache.stats.misses) == (0, 1)


async def test_half_a_sentence_is_not_kept(start: StartService, tmp_path: Path) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}))
    with pytest.raises(SynthesisFailed, match="headache"):
        await spoken(service, a_sentence(service, "tone fail"))
    with pytest.raises(SynthesisFailed, match="headache"):
        await spoken(service, a_sentence(service, "tone fail"))
    source = Utterance(a_sentence(service), SpeechRequest(), Turn(), service.manager, service.speech.cache).audio()
    await anext(source)
    await source.aclose()
    assert len(await spoken(service, a_sentence(service))) == 2
    assert service.speech.cache.stats.hits == 0
