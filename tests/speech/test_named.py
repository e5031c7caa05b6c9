"""Which voice is meant by a model and a voice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from mute_engines import Mute, have

from wyoming_openspeakers.engines.base import ModelSpec, Voice
from wyoming_openspeakers.errors import ModelUnavailable, SpeechError, UnknownModel, UnknownVoice
from wyoming_openspeakers.models.manager import ModelManager
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.registry import Registry, RegistryFile
from wyoming_openspeakers.models.voices import VoiceCatalog
from wyoming_openspeakers.speech.named import find_voice, full_name, meant

ALIASES = {"alloy": ["kokoro/af_alloy", "default"], "echo": ["kokoro/am_echo", "orpheus/leo", "default"]}


class _Listed(Mute):
    """Has the voices that its model's parameters list."""

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        return [Voice(name, ("de-DE",) if name == "joe" else ("en-US",)) for name in spec.parameters["voices"]]


Find = Callable[..., str | None]


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Find:
    """The full name of what is meant with these models installed; None for the default voice."""
    have(monkeypatch, named=_Listed)

    def ask(
        model: str,
        voice: str,
        *installed: str,
        default: str = "",
        profiles: tuple[Profile, ...] = (),
        language: str | None = None,
    ) -> str | None:
        known = {
            "hibari": (["heart"], []),
            "kokoro": (["af_heart", "af_alloy", "am_echo"], ["tts-1", "gpt-4o-mini-tts"]),
            "orpheus": (["tara", "leo"], ["tts-1-hd"]),
            "piper": (["amy", "joe"], []),
        }
        entries = {
            name: {
                "engine": "pretend.named",
                "voice": voices[0],
                "aliases": aliases,
                "parameters": {"voices": voices if name in installed else []},
            }
            for name, (voices, aliases) in known.items()
        }
        file = RegistryFile.model_validate({"models": entries, "aliases": ALIASES})
        registry = Registry(file, [Path("/nowhere")], Path("/nowhere"))
        chosen = meant(VoiceCatalog(registry, default, profiles=profiles), registry, model, voice, language)
        return full_name(chosen) if chosen else None

    return ask


@pytest.mark.parametrize("voice", ["alloy", "Alloy", "echo", ""])
@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", ""])
def test_with_the_default_engine_alone_every_name_is_the_default_voice(find: Find, model: str, voice: str) -> None:
    assert find(model, voice, "hibari") is None


@pytest.mark.parametrize(
    ("model", "voice", "found"),
    [
        ("tts-1", "alloy", "kokoro/af_alloy"),
        ("tts-1", "", "kokoro/af_heart"),
        ("tts-1-hd", "", "orpheus/tara"),
        ("tts-1-hd", "echo", "orpheus/leo"),
        ("tts-1-hd", "alloy", "kokoro/af_alloy"),
        ("tts-1-hd", "tara", "orpheus/tara"),
        ("tts-1-hd", "kokoro/af_heart", "kokoro/af_heart"),
        ("tts-1", "piper/joe", "piper/joe"),
        ("tts-1", "joe", "piper/joe"),
        ("tts-1", "hibari", "hibari/heart"),
        ("", "joe", "piper/joe"),
        ("hibari", "", "hibari/heart"),
        ("hibari", "HEART", "hibari/heart"),
        ("hibari", "hibari/heart", "hibari/heart"),
        ("hibari", "alloy", "hibari/heart"),
        ("kokoro", "alloy", "kokoro/af_alloy"),
        ("orpheus", "echo", "orpheus/leo"),
        ("orpheus", "alloy", "orpheus/tara"),
        ("kokoro", "af_heart(2)+am_echo(1)", "kokoro/af_heart(2)+am_echo(1)"),
        ("tts-1", "af_heart(2)+am_echo(1)", "kokoro/af_heart(2)+am_echo(1)"),
        ("tts-1", "piper/amy+joe", "piper/amy+joe"),
    ],
)
def test_the_model_goes_first_and_a_voice_that_is_named_wins(find: Find, model: str, voice: str, found: str) -> None:
    assert find(model, voice, "hibari", "kokoro", "orpheus", "piper") == found


def test_a_name_of_another_service_falls_back_when_its_model_is_not_there(find: Find) -> None:
    assert find("tts-1-hd", "", "hibari", "piper") is None
    assert find("tts-1-hd", "alloy", "hibari", "kokoro") == "kokoro/af_alloy"
    assert find("tts-1-hd", "joe", "hibari", "piper") == "piper/joe"


def test_the_configured_default_may_be_such_a_name_itself(find: Find) -> None:
    assert find("tts-1", "alloy", "hibari", default="alloy") is None
    assert find("hibari", "alloy", "hibari", default="tts-1") == "hibari/heart"


@pytest.mark.parametrize(
    ("model", "voice", "language", "found"),
    [
        ("piper", "", "de", "piper/joe"),
        ("piper", "", "en-GB", "piper/amy"),
        ("piper", "", "fr", "piper/amy"),
        ("piper", "amy", "de", "piper/amy"),
        ("piper", "alloy", "de-AT", "piper/joe"),
        ("", "", "de", None),
        ("", "amy", "de", "piper/amy"),
    ],
)
def test_a_model_speaks_a_language_with_the_voice_that_it_has_for_it(
    find: Find, model: str, voice: str, language: str, found: str | None
) -> None:
    assert find(model, voice, "hibari", "piper", language=language) == found


@pytest.mark.parametrize(
    ("model", "voice", "looked_for"),
    [
        ("facebook/mms-tts-deu", "alloy", "facebook/mms-tts-deu"),
        ("tts-1", "facebook/mms-tts-deu", "facebook/mms-tts-deu"),
        ("tts-1-hd", "facebook/mms-tts-deu", "facebook/mms-tts-deu"),
        ("", "facebook/mms-tts-deu", "facebook/mms-tts-deu"),
        ("fault", "new", "new"),
        ("fault", "plain", None),
    ],
)
async def test_what_is_not_there_is_looked_for_once_more(model: str, voice: str, looked_for: str | None) -> None:
    known = {"engine": "faults.engine", "voice": "plain", "aliases": ["tts-1"]}
    off = {"engine": "faults.engine", "enabled": False, "aliases": ["tts-1-hd"]}
    file = RegistryFile.model_validate({"models": {"fault": known, "off": off}})
    registry = Registry(file, [Path("/nowhere")], Path("/nowhere"))
    looked: list[str] = []

    class Manager:
        catalog = VoiceCatalog(registry)

        async def voices_with(self, name: str) -> VoiceCatalog:
            looked.append(name)
            return self.catalog

    manager = Manager()
    manager.registry = registry  # type: ignore[attr-defined]
    with suppress(SpeechError):
        chosen = await find_voice(cast(ModelManager, manager), model, voice)
        assert chosen and full_name(chosen) == "fault/plain"
    assert looked == ([looked_for] if looked_for else [])


def test_a_users_own_voice_goes_before_another_services_name(find: Find) -> None:
    own = Profile("id", "Alloy", "preset", "piper", voice="piper/joe")
    assert find("tts-1", "alloy", "hibari", "kokoro", "piper", profiles=(own,)) == "piper/Alloy"
    assert find("piper", "id", "hibari", "kokoro", "piper", profiles=(own,)) == "piper/Alloy"


@pytest.mark.parametrize(
    ("model", "voice", "error", "words"),
    [
        ("tts-9", "alloy", UnknownModel, "There is no model 'tts-9'; models: hibari, kokoro"),
        ("kokoro", "nobody", UnknownVoice, "Model kokoro has no voice 'nobody'; voices: af_heart, af_alloy, am_echo"),
        ("kokoro", "hibari/heart", UnknownVoice, "Model kokoro has no voice 'hibari/heart'"),
        ("kokoro", "heart", UnknownVoice, "Model kokoro has no voice 'heart'"),
        ("tts-1", "nobody", UnknownVoice, "There is no voice 'nobody'; voices: hibari/heart, kokoro/af_alloy"),
        ("piper", "alloy", ModelUnavailable, "Model piper cannot be used now"),
        ("piper", "", ModelUnavailable, "Model piper cannot be used now"),
    ],
)
def test_what_there_is_not(find: Find, model: str, voice: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        find(model, voice, "hibari", "kokoro")
    assert words in str(caught.value)
