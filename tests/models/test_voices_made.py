"""Voices that users make are voices of their models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mute_engines import Mute, have

from wyoming_openspeakers.engines.base import ModelSpec, Voice
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.errors import UnknownVoice
from wyoming_openspeakers.models.profiles.profile import Profile, Sample, Style
from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile
from wyoming_openspeakers.models.voices import VoiceCatalog


class _Own(Mute):
    """Has voices of its own and can mix them."""

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        return [Voice("heart", ("en-US",), gender="female", rate=24_000), Voice("bob", ("en-GB",), gender="male")]


class _Mimic(_Own):
    """Only clones and designs."""

    capabilities = Capabilities(streaming=True, concurrency=1, cloning=True, designs=True)

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        return []


SAMPLES = (
    Sample("s1", 6.0, 24_000, -20, "digest1", "hello there", "de"),
    Sample("s2", 4.0, 24_000, -20, "digest2"),
)
FOLDER = Path("/voices/p1")

Catalog = Callable[..., VoiceCatalog]


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> Catalog:
    have(monkeypatch, own=_Own, mimic=_Mimic)
    entries = {
        "own": ModelEntry(engine="pretend.own", voice="heart"),
        "mimic": ModelEntry(engine="pretend.mimic", sample_rate=16_000, aliases=("copycat",)),
    }

    def make(*profiles: Profile) -> VoiceCatalog:
        nowhere = Path("/nonexistent")
        return VoiceCatalog(Registry(RegistryFile(models=entries), [nowhere], nowhere), profiles=profiles)

    return make


def cloned(model: str = "mimic", **fields: object) -> Profile:
    values = {"id": "p1", "name": "Grandma", "kind": "cloned", "model": model, "samples": SAMPLES, "folder": FOLDER}
    return Profile(**{**values, **fields})  # type: ignore[arg-type]


def test_a_cloned_voice_is_a_voice_of_its_model(catalog: Catalog) -> None:
    voices = catalog(cloned(language="de-DE", description="She", gender="female"))
    for name in ("mimic/Grandma", "grandma", "p1", "mimic", "copycat"):
        chosen = voices.find(name)
        assert chosen and chosen.installed.name == "mimic/Grandma", name
    voice = voices.require("Grandma").installed
    assert (voice.voice.languages, voice.voice.rate, voice.voice.gender) == (("de-DE",), 16_000, "female")
    assert [(r.path, r.digest, r.transcript, r.language) for r in voice.references] == [
        ("/voices/p1/s1.wav", "digest1", "hello there", "de"),
        ("/voices/p1/s2.wav", "digest2", "", ""),
    ]


def test_in_a_list_it_goes_by_the_name_that_it_was_given(catalog: Catalog) -> None:
    voices = catalog(cloned(description="As she spoke in May"), Profile("x", "Bedtime", "preset", "own", "own/bob"))
    assert voices.require("Grandma").installed.label == "Grandma (mimic)"
    assert voices.require("Bedtime").installed.label == "Bedtime (own)"
    assert voices.require("heart").installed.label == "own: heart"


@pytest.mark.parametrize(
    "profile",
    [cloned("own"), cloned(samples=()), cloned("nobody's"), cloned("own", kind="designed", design="deep")],
    ids=["does not clone", "no recording", "no such model", "does not design"],
)
def test_one_that_its_model_cannot_speak_with_is_no_voice(catalog: Catalog, profile: Profile) -> None:
    voices = catalog(profile)
    assert voices.find("Grandma") is None
    with pytest.raises(UnknownVoice, match="needs the model"):
        voices.require("grandma")


def test_a_designed_voice(catalog: Catalog) -> None:
    voices = catalog(cloned(kind="designed", design="an old sailor", samples=()))
    assert voices.require("Grandma").installed.design == "an old sailor"


def test_a_preset_is_another_voice_with_a_style(catalog: Catalog) -> None:
    style = Style(speed=0.8, parameters={"warmth": 2})
    chosen = catalog(Profile("x", "Bedtime", "preset", "own", "own/bob", style=style)).require("bedtime")
    assert (chosen.installed.name, chosen.engine_voice, chosen.model) == ("own/Bedtime", "bob", "own")
    assert chosen.installed.style == style and chosen.installed.voice.gender == "male"


def test_a_preset_of_a_mixture_and_of_a_clone(catalog: Catalog) -> None:
    voices = catalog(
        Profile("m", "Blend", "preset", "own", "heart(2)+bob(1)"),
        Profile("w", "Whispering", "preset", "mimic", "Grandma", style=Style(speed=0.5, pitch=-1)),
        cloned(style=Style(speed=0.5, pitch=2, instructions="kindly", seed=3)),
    )
    assert voices.require("Blend").engine_voice == "heart(2)+bob(1)"
    whisper = voices.require("Whispering").installed
    assert len(whisper.references) == 2
    assert whisper.style == Style(speed=0.25, pitch=1, instructions="kindly", seed=3)


def test_a_preset_of_a_voice_that_is_not_there_is_no_voice(catalog: Catalog) -> None:
    voices = catalog(Profile("x", "Bedtime", "preset", "own", "own/nobody"))
    assert voices.find("Bedtime") is None
    with pytest.raises(UnknownVoice, match="needs the voice 'own/nobody'"):
        voices.require("Bedtime")


def test_presets_lend_from_each_other_in_any_order(catalog: Catalog) -> None:
    profiles = [Profile(str(n), f"p{n}", "preset", "own", f"p{n + 1}" if n < 3 else "bob") for n in range(4)]
    assert catalog(*profiles).require("p0").engine_voice == "bob"
    circle = catalog(Profile("a", "a", "preset", "own", "b"), Profile("b", "b", "preset", "own", "a"))
    assert circle.find("a") is None


def test_a_name_that_the_model_has_stays_the_model_s(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    voices = catalog(Profile("x", "heart", "preset", "own", "bob"))
    assert voices.require("own/heart").engine_voice == "heart"
    assert "hidden" in caplog.text


def test_a_made_voice_does_not_become_the_default(catalog: Catalog) -> None:
    assert catalog(cloned()).default().installed.name == "own/heart"
