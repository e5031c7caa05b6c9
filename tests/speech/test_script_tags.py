"""Marks reach the engines that know them, and are read aloud by none of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fault_models import fault_registry
from faults.engine import FaultEngine

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.events import EventBus
from wyoming_openspeakers.models.manager import ModelManager
from wyoming_openspeakers.speech.choose import VoiceChooser
from wyoming_openspeakers.speech.request import SpeechRequest, TextFeed
from wyoming_openspeakers.speech.script import Line, Script
from wyoming_openspeakers.speech.speakable import Speakable

HOUSE = fault_registry(
    plain={"languages": ["en-US"]},
    laughing={"languages": ["en-US"], "tags": ["<laugh>", "(sighs)"]},
    talking={"languages": ["de-DE"], "tags": ["(laughs)"], "speakers": ["[S1]", "[S2]"]},
)


@pytest.fixture(autouse=True)
def engines_that_know_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    def capabilities_of(cls: type[FaultEngine], spec: ModelSpec) -> Capabilities:
        tags, speakers = (tuple(spec.parameters.get(name, ())) for name in ("tags", "speakers"))
        return replace(cls.capabilities, tags=tags, speaker_tags=speakers, dialogue=bool(speakers))

    monkeypatch.setattr(FaultEngine, "capabilities_of", classmethod(capabilities_of))


async def lines(text: str | TextFeed, voice: str | None = None, *, ssml: bool = False) -> list[Line]:
    config = load_config()
    manager = ModelManager(HOUSE, config, EventBus())
    request = SpeechRequest(voice=voice, ssml=ssml)
    made = Script(request, text, config, manager, VoiceChooser(config.voice, config.text), Speakable(config.text))
    return [line async for line in made.lines(lambda: 0.0)]


async def words(text: str | TextFeed, voice: str | None = None, *, ssml: bool = False) -> list[str]:
    return [line.words for line in await lines(text, voice, ssml=ssml)]


TALK = "[S1] It is 5 km (sighs) away. <laugh> Oh **no**! [S2] Yes (laughs)."


async def test_each_engine_gets_the_marks_that_it_knows() -> None:
    assert await words(TALK, "laughing") == ["It is five kilometers (sighs) away.", "<laugh> Oh no!", "Yes."]
    assert await words(TALK, "plain") == ["It is five kilometers away.", "Oh no!", "Yes."]
    spoken = await words("[S1] Guten Tag. Wie geht es? [S2] Gut (laughs).", "talking")
    assert spoken == ["[S1] Guten Tag.", "[S1] Wie geht es?", "[S2] Gut (laughs)."]


async def test_a_stream_that_cuts_marks_in_two_is_the_same() -> None:
    for size in (1, 3):
        feed = TextFeed(10_000)
        for begin in range(0, len(TALK), size):
            feed.put(TALK[begin : begin + size])
        feed.close()
        assert await words(feed, "laughing") == await words(TALK, "laughing")


async def test_the_voice_may_be_chosen_by_what_is_said() -> None:
    # Marks tell nothing about the language.
    feed = TextFeed(10_000)
    feed.put("[S1] Guten Morgen, das Wetter ist heute wunderbar (laughs). Bis bald.")
    feed.close()
    spoken = await lines(feed)
    assert {line.voice.model for line in spoken} == {"talking"}
    assert spoken[0].words == "[S1] Guten Morgen, das Wetter ist heute wunderbar (laughs)."


async def test_ssml_has_marks_in_its_text() -> None:
    marked = "<speak>It is &lt;laugh&gt; nice. <break time='1s'/>(laughs) Yes.</speak>"
    assert await words(marked, "laughing", ssml=True) == ["It is <laugh> nice.", "Yes."]


async def test_speakers_go_on_after_a_pause_in_ssml() -> None:
    marked = "<speak>[S2] Guten Tag. <break time='1s'/>Wie geht es? <s>Gut?</s> <s>[S1] Gut.</s></speak>"
    spoken = await words(marked, "talking", ssml=True)
    assert spoken == ["[S2] Guten Tag.", "[S2] Wie geht es?", "[S2] Gut?", "[S1] Gut."]


async def test_nothing_is_said_for_marks_alone_that_nobody_knows() -> None:
    assert await words("Hello. <laugh>", "plain") == ["Hello."]
    assert await words("<laugh>.", "plain") == []
    assert await words("Hello. <laugh>", "laughing") == ["Hello.", "<laugh>"]
    assert await words("[S1]", "talking") == []


async def test_the_text_of_a_line_is_without_marks() -> None:
    (line,) = await lines("That is <laugh> nice.", "laughing")
    assert (line.words, line.text) == ("That is <laugh> nice.", "That is nice.")
