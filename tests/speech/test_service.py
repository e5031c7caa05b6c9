"""What every front talks to."""

from collections.abc import Callable
from typing import Any

import pytest

from wyoming_openspeakers.errors import ShuttingDown, TextTooLong
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

StartService = Callable[..., Any]


async def test_a_text_of_the_longest_length_is_taken_and_no_longer(start: StartService) -> None:
    speech = (await start(text__max_characters=10)).speech
    speech.check_length("x" * 10)
    with pytest.raises(TextTooLong, match=r"11.*10"):
        speech.check_length("x" * 11)
    feed = speech.text_feed()
    feed.put("x" * 6)
    with pytest.raises(TextTooLong, match="10"):
        feed.put("x" * 5)


@pytest.mark.slow
async def test_nothing_new_is_taken_while_it_stops(start: StartService) -> None:
    speech = (await start()).speech
    async with speech.speak(SpeechRequest(), "sleep:0.1 tone.") as response:
        speech.refuse_more()
        with pytest.raises(ShuttingDown):
            speech.speak(SpeechRequest(), "tone.")
        assert [pcm async for pcm in response.pcm()]


async def test_the_script_is_what_would_be_spoken_and_speaks_nothing(start: StartService) -> None:
    service = await start(text__numbers=True)
    words = [line async for line in service.speech.script(SpeechRequest(), "**It** is 5 km. Go!")]
    assert words == ["It is five kilometers.", "Go!"]
    assert service.speech.cache.stats.misses == 0


async def test_voices_are_those_of_the_catalog(start: StartService) -> None:
    service = await start()
    assert list((await service.speech.voices()).voices) == ["fault/plain"]


@pytest.mark.slow
async def test_phrases_and_levels_outlive_a_restart(start: StartService) -> None:
    service = await start()
    await say(service, "tone " * 50 + ".")
    await service.stop()
    assert (service.config.data_path / "loudness.json").exists()
    again = Service(service.config, service.config.data_path.parent / "models.yaml")
    await again.start(fronts=False)
    try:
        await say(again, "tone " * 50 + ".")
        assert again.speech.cache.stats.hits == 1
    finally:
        await again.stop()


async def say(service: Service, text: str) -> None:
    async with service.speech.speak(SpeechRequest(), text) as response:
        assert [pcm async for pcm in response.pcm()]
