"""What selects offer: names for people, each once, and among them what holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import Voice
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.fronts.mqtt.choices import model_choices, voice_choices
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile
from wyoming_openspeakers.models.voices import InstalledVoice, VoiceCatalog

MODELS = {
    "one": ModelEntry(engine="faults.engine", name="One", voice="anna"),
    "two": ModelEntry(engine="faults.engine", voice="bert"),
}


class Catalog(VoiceCatalog):
    """One with these voices; files are not looked at."""

    def __init__(self, voices: list[InstalledVoice], default: str = "") -> None:
        registry = Registry(RegistryFile(models=MODELS), [Path("nowhere")], Path("nowhere"))
        super().__init__(registry, default)
        self.voices = {voice.name: voice for voice in voices}
        self._by_short_name = {}
        for voice in voices:
            self._name(voice)


def voice(model: str, name: str, description: str = "", **more: Any) -> InstalledVoice:
    known = Voice(name, ("en",), description or name)
    return InstalledVoice(
        model, MODELS[model], Capabilities(streaming=True, concurrency=1, mixing=True), known, name, **more
    )


VOICES = [voice("one", "anna", "Anna"), voice("one", "carl", "Carl"), voice("two", "bert", "Bert")]


def test_voices_have_the_names_that_home_assistant_shows_elsewhere() -> None:
    choices = voice_choices(Catalog(VOICES), "")
    assert choices.options == ("One: Anna", "One: Carl", "two: Bert")
    assert choices.names["two: Bert"] == "two/bert"
    assert choices.current == "One: Anna"


def test_the_default_is_what_holds() -> None:
    assert voice_choices(Catalog(VOICES, "two/bert"), "two/bert").current == "two: Bert"


def test_a_mixture_that_holds_is_offered_as_it_is_written() -> None:
    choices = voice_choices(Catalog(VOICES, "one/anna+carl"), "one/anna+carl")
    assert choices.current == "one/anna+carl"
    assert choices.names[choices.current] == "one/anna+carl"


def test_names_that_would_be_the_same_say_which_is_which() -> None:
    choices = voice_choices(Catalog([voice("one", "a", "Same"), voice("one", "b", "Same")]), "")
    assert choices.options == ("One: Same (one/a)", "One: Same (one/b)")


def test_voices_of_users_come_first() -> None:
    own = voice("two", "mum", "Mum", profile=Profile(id="p1", name="mum", kind="preset", model="two", voice="two/bert"))
    assert voice_choices(Catalog([*VOICES, own]), "").options[0] == "mum (two)"


def test_of_too_many_those_of_the_default_model_stay_and_so_does_the_default() -> None:
    many = [voice("one", f"v{at:03}") for at in range(20)]
    choices = voice_choices(Catalog([*VOICES, *many], "one/v019"), "one/v019", most=6)
    assert len(choices.options) == 6
    assert choices.left_out == 17
    assert choices.current == "One: v019"
    assert all(label.startswith("One: ") for label in choices.options)


def test_a_model_stands_for_its_own_default_voice() -> None:
    voices = [voice("one", "zoe"), *VOICES]
    choices = model_choices(Catalog(voices, "two/bert"))
    assert choices.names == {"One": "one/anna", "two": "two/bert"}
    assert choices.current == "two"


def test_without_voices_there_is_nothing_to_choose() -> None:
    assert voice_choices(Catalog([]), "").options == ()
    assert model_choices(Catalog([])).options == ()


_DESCRIPTIONS = st.text(max_size=200) | st.sampled_from(["none", "None", "", " ", "x", "X", "x\n"])


@given(st.lists(_DESCRIPTIONS, min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_every_option_can_be_a_state_and_is_there_once(descriptions: list[str]) -> None:
    voices = [voice("one", f"v{at}", text) for at, text in enumerate(descriptions)]
    choices = voice_choices(Catalog(voices), "")
    assert len(choices.options) == len(voices)
    assert choices.current in choices.options
    assert set(choices.names.values()) == {each.name for each in voices}
    for label in choices.options:
        assert label == label.strip()
        assert 0 < len(label) <= 255
        assert label.lower() != "none"
        assert label.isprintable()


def test_what_is_asked_twice_is_answered_the_same() -> None:
    catalog = Catalog(VOICES)
    assert voice_choices(catalog, "") == voice_choices(catalog, "")
    assert replace(voice_choices(catalog, ""), left_out=1) != voice_choices(catalog, "")
