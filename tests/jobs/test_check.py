"""What is asked of a job is checked before it is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.engines.base import ModelSpec, Voice
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.errors import InvalidRequest, UnknownVoice
from wyoming_openspeakers.jobs.check import check
from wyoming_openspeakers.jobs.request import JobRequest
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile
from wyoming_openspeakers.models.voices import VoiceCatalog
from wyoming_openspeakers.speech.named import full_name

PRESET = Profile("p1", "Bedtime", "preset", "fault", voice="fault/plain")


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> VoiceCatalog:
    """Two models; only the first can do something special."""
    from faults.engine import FaultEngine

    able = Capabilities(
        streaming=True, concurrency=1, speed=(0.5, 2), mixing=True, instructions=True,
        parameters={"level": {"type": "number", "minimum": 0, "maximum": 1}, "mode": {"enum": ["a", "b"]}},
    )  # fmt: skip

    def capabilities(spec: ModelSpec) -> Capabilities:
        return able if spec.id == "fault" else Capabilities(streaming=False, concurrency=1)

    def voices(spec: ModelSpec) -> list[Voice]:
        return [
            Voice("plain", ("en-US",)),
            Voice("deutsch", ("de-DE",)),
            *([Voice("only", ("en",))] * (spec.id == "other")),
        ]

    monkeypatch.setattr(FaultEngine, "capabilities_of", staticmethod(capabilities))
    monkeypatch.setattr(FaultEngine, "voices", staticmethod(voices))
    entry = ModelEntry(engine="faults.engine", voice="plain", aliases=("tts",))
    file = RegistryFile(models={"fault": entry, "other": replace_aliases(entry)})
    return VoiceCatalog(Registry(file, [Path("/nonexistent")], Path("/nonexistent")), profiles=[PRESET])


def replace_aliases(entry: ModelEntry) -> ModelEntry:
    return entry.model_copy(update={"aliases": ()})


ASKED = JobRequest("Hello.", "fault")


def test_a_sane_request_is_fine(catalog: VoiceCatalog) -> None:
    sane = replace(ASKED, speed=4.0, pitch=-12, keep_alive="5m", instructions="softly", parameters={"level": 1})
    assert full_name(check(sane, catalog)) == "fault/plain"


@pytest.mark.parametrize(
    ("how", "param", "words"),
    [
        ({"text": " \n"}, "text", "no text"),
        ({"speed": 0.2}, "speed", "0.25 to 4"),
        ({"speed": float("nan")}, "speed", "0.25 to 4"),
        ({"pitch": 12.5}, "pitch", "-12 to 12"),
        ({"keep_alive": "soon"}, "keep_alive", "5m"),
        ({"parameters": {"level": 2}}, "extra.level", "at most 1"),
        ({"parameters": {"level": "high"}}, "extra.level", "number"),
        ({"parameters": {"level": True}}, "extra.level", "number"),
        ({"parameters": {"mode": "c"}}, "extra.mode", "a, b"),
        ({"parameters": {"volume": 1}}, "extra.volume", "level, mode"),
        ({"voice": "other/plain", "pitch": 1}, "pitch", "one speed"),
        ({"voice": "other/plain", "speed": 1.5}, "speed", "one speed"),
        ({"voice": "other/plain", "instructions": "softly"}, "instructions", "does not follow"),
    ],
)
def test_what_cannot_be_had_is_named(catalog: VoiceCatalog, how: dict[str, Any], param: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words) as refused:
        check(replace(ASKED, **how), catalog)
    assert (refused.value.http_status, refused.value.param) == (422, param)


@pytest.mark.parametrize(
    ("voice", "language", "name"),
    [
        ("fault", None, "fault/plain"),
        ("deutsch", None, "fault/deutsch"),
        ("other/deutsch", None, "other/deutsch"),
        ("plain(2)+deutsch(1)", "en", "fault/plain(2)+deutsch(1)"),
        ("p1", None, "fault/Bedtime"),
        (None, "de", "fault/deutsch"),
        (None, "fr", "fault/plain"),
        (None, None, "fault/plain"),
    ],
)
def test_the_voice_that_is_named_or_the_default(
    catalog: VoiceCatalog, voice: str | None, language: str | None, name: str
) -> None:
    chosen = check(replace(ASKED, voice=voice, language=language), catalog)
    assert full_name(chosen) == name
    assert catalog.find(name) == chosen


def test_a_voice_that_there_is_not(catalog: VoiceCatalog) -> None:
    with pytest.raises(UnknownVoice):
        check(replace(ASKED, voice="nobody"), catalog)
