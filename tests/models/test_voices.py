"""Which voice is meant."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from mute_engines import Mute, have

from wyoming_openspeakers.engines.base import ModelSpec, Voice
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.errors import ModelUnavailable, UnknownVoice
from wyoming_openspeakers.models.languages import primary
from wyoming_openspeakers.models.registry import Registry, RegistryFile, load_registry_file
from wyoming_openspeakers.models.voices import ChosenVoice, VoiceCatalog


class _Listed(Mute):
    """Has the voices that its model's parameters list."""

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        listed = spec.parameters["voices"]
        if listed == "broken":
            raise RuntimeError("the list of voices is damaged")
        return [
            Voice(name, tuple(languages.split()), speakers=("one", "two") if name == "crowd" else ())
            for name, languages in listed.items()
        ]

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        return spec.parameters.get("problem")


class _Single(_Listed):
    """The same without mixing."""

    capabilities = Capabilities(streaming=True, concurrency=1)


Catalogs = Callable[..., VoiceCatalog]

ENGLISH = {"heart": "en-US", "emma": "en-GB en-US", "crowd": "en-US"}
GERMAN = {"anna": "de-DE", "heart": "de-AT"}


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> Catalogs:
    """Make a catalog: `catalog(first={"voices": {...}, "voice": ...}, ...)`."""
    have(monkeypatch, listed=_Listed, single=_Single)

    def make(
        default: str = "",
        by_language: dict[str, str] | None = None,
        aliases: dict[str, str | list[str]] | None = None,
        too_large: Collection[str] = (),
        **models: dict[str, Any],
    ) -> VoiceCatalog:
        models = models or {"first": {"voices": ENGLISH, "voice": "heart"}, "second": {"voices": GERMAN}}
        entries = {
            name: {
                "engine": f"pretend.{model.get('engine', 'listed')}",
                "voice": model.get("voice", ""),
                "parameters": {key: value for key, value in model.items() if key in ("voices", "problem")},
            }
            for name, model in models.items()
        }
        file = RegistryFile.model_validate({"models": entries, "aliases": aliases or {}})
        registry = Registry(file, [Path("/nowhere")], Path("/nowhere"))
        return VoiceCatalog(registry, default, by_language, fits=lambda model: model not in too_large)

    return make


def name_of(chosen: ChosenVoice | None) -> str | None:
    return chosen.installed.name if chosen else None


# By name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("first/heart", "first/heart"),
        ("second/heart", "second/heart"),
        ("First/HEART", "first/heart"),
        ("anna", "second/anna"),
        ("heart", "first/heart"),
        ("first", "first/heart"),
        ("second", "second/anna"),
        ("alloy", "second/heart"),
        ("nova", "second/anna"),
        ("dead", None),
        ("first/anna", None),
        ("third/heart", None),
        ("", None),
        ("/", None),
        ("first/", None),
        ("+", None),
        ("((", None),
    ],
)
def test_full_short_and_other_names(catalog: Catalogs, name: str, found: str | None) -> None:
    voices = catalog(aliases={"alloy": "second/heart", "nova": "anna", "dead": "gone/voice"})
    assert name_of(voices.find(name)) == found


def test_a_model_whose_default_voice_is_not_there_speaks_with_its_first(catalog: Catalogs) -> None:
    voices = catalog(first={"voices": ENGLISH, "voice": "gone"})
    assert name_of(voices.find("first")) == name_of(voices.default()) == "first/heart"


@pytest.mark.parametrize("name", ["heart(2)+emma(1)", "first/heart(2)+emma(1)", "heart+emma", "HEART+emma"])
def test_a_mixture_is_led_by_its_first_voice(catalog: Catalogs, name: str) -> None:
    chosen = catalog().find(name)
    assert name_of(chosen) == "first/heart"
    assert chosen and chosen.engine_voice == name.rpartition("/")[2]


def test_a_mixture_needs_an_engine_that_mixes_and_a_voice_that_it_knows(catalog: Catalogs) -> None:
    assert catalog().find("nobody+emma") is None
    assert catalog(only={"voices": ENGLISH, "engine": "single"}).find("heart+emma") is None


def test_speakers(catalog: Catalogs, caplog: pytest.LogCaptureFixture) -> None:
    voices = catalog()
    chosen = voices.find("crowd", "two")
    assert chosen and chosen.speaker == "two" and not caplog.text
    chosen = voices.find("crowd", "nine")
    assert chosen and chosen.speaker is None
    assert "first/crowd has no speaker 'nine'" in caplog.text


def test_an_unknown_voice_is_told_what_there_is(catalog: Catalogs) -> None:
    with pytest.raises(UnknownVoice) as caught:
        catalog().require("nonsense")
    names = "first/crowd, first/emma, first/heart, second/anna, second/heart"
    assert str(caught.value) == f"There is no voice 'nonsense'; voices: {names}"
    with pytest.raises(UnknownVoice, match=r"v09 and 5 more$"):
        catalog(many={"voices": {f"v{number:02}": "en" for number in range(15)}}).require("x")
    with pytest.raises(UnknownVoice, match="none is installed"):
        catalog(none={"voices": {}}).require("x")


def test_an_unknown_voice_of_a_model_is_told_what_that_model_has(catalog: Catalogs) -> None:
    with pytest.raises(UnknownVoice, match=r"^There is no voice 'second/xy'; voices: second/anna, second/heart$"):
        catalog().require("second/xy")
    with pytest.raises(UnknownVoice, match=r"did you mean second/anna\?$"):
        catalog().require("second/ana")
    with pytest.raises(UnknownVoice, match=r"did you mean second/anna\?$"):
        catalog().require("secondo/anna")


def test_a_slip_is_told_what_was_probably_meant(catalog: Catalogs) -> None:
    with pytest.raises(UnknownVoice, match=r"^There is no voice 'first/hart'; did you mean first/heart\?$"):
        catalog().require("first/hart")


def test_a_voice_of_a_model_that_is_not_ready_is_told_why(catalog: Catalogs) -> None:
    voices = catalog(first={"voices": ENGLISH}, gone={"voices": {}, "problem": "No files"}, ill={"voices": "broken"})
    reasons = {"gone/anna": "No files", "gone": "No files", "ill/anna": "Its voices cannot be listed: the list .*"}
    for name, reason in reasons.items():
        with pytest.raises(UnknownVoice, match=f"^There is no voice '{name}' yet: {reason}$"):
            voices.require(name)


# By language


@pytest.mark.parametrize(
    ("language", "found"),
    [
        (None, "first/heart"),
        ("en", "first/heart"),
        ("en-US", "first/heart"),
        ("en-GB", "first/emma"),
        ("en_gb", "first/emma"),
        ("en-AU", "first/heart"),
        ("de", "second/anna"),
        ("DE-at", "second/heart"),
        ("de-CH", "second/anna"),
        ("fr", "first/heart"),
        ("", "first/heart"),
    ],
)
def test_the_voice_of_a_language_else_of_its_region_else_the_default(
    catalog: Catalogs, language: str | None, found: str
) -> None:
    assert name_of(catalog().default(language)) == found


def test_the_default_voice_goes_before_others_of_its_language(catalog: Catalogs) -> None:
    voices = catalog(default="emma")
    assert name_of(voices.default()) == "first/emma"
    assert name_of(voices.default("en-US")) == name_of(voices.default("en-AU")) == "first/emma"


@pytest.mark.parametrize(("default", "language"), [("heart", "en"), ("plain", "en-GB"), ("plain", "en-US")])
def test_another_model_takes_no_text_from_the_default_voice_by_naming_its_language_otherwise(
    catalog: Catalogs, default: str, language: str
) -> None:
    models = {"first": {"voices": ENGLISH, "voice": "heart"}, "later": {"voices": {"plain": "en"}}}
    voices = catalog(default=default, **models)
    assert name_of(voices.default(language)) == name_of(voices.default())


def test_a_default_mixture_stays_one_when_its_language_is_named(catalog: Catalogs) -> None:
    chosen = catalog(default="heart(2)+emma").default("en")
    assert chosen.engine_voice == "heart(2)+emma"


@pytest.mark.parametrize("key", ["de", "DE", "de-DE", "de_DE"])
def test_the_configured_voice_of_a_language(catalog: Catalogs, key: str) -> None:
    voices = catalog(by_language={key: "second/heart"})
    assert name_of(voices.default("de-DE")) == "second/heart"
    assert name_of(voices.default("en")) == "first/heart"


def test_a_region_goes_before_its_language(catalog: Catalogs) -> None:
    voices = catalog(by_language={"en": "crowd", "en-GB": "emma", "fr": "gone"})
    assert [name_of(voices.default(tag)) for tag in ("en", "en-US", "en-GB")] == [
        "first/crowd",
        "first/crowd",
        "first/emma",
    ]
    assert name_of(voices.default("fr")) == "first/heart"


TWO_GERMANS = {
    "first": {"voices": {"heart": "en-US"}, "voice": "heart"},
    "large": {"voices": {"hans": "de-DE"}, "voice": "hans"},
    "small": {"voices": {"anna": "de-CH"}},
}


def test_of_those_who_speak_a_language_one_that_memory_can_hold(catalog: Catalogs) -> None:
    assert name_of(catalog(**TWO_GERMANS).default("de-DE")) == "large/hans"
    assert name_of(catalog(**TWO_GERMANS, too_large=["large"]).default("de-DE")) == "small/anna"
    # Whoever is told that it does not fit can do something about it, unlike one who hears gibberish.
    assert name_of(catalog(**TWO_GERMANS, too_large=["large", "small"]).default("de-DE")) == "large/hans"


def test_the_default_is_one_that_memory_can_hold_unless_it_is_named(catalog: Catalogs) -> None:
    assert name_of(catalog(**TWO_GERMANS, too_large=["first"]).default()) == "large/hans"
    assert name_of(catalog(**TWO_GERMANS, too_large=["first", "large"]).default()) == "small/anna"
    assert name_of(catalog("heart", **TWO_GERMANS, too_large=["first"]).default()) == "first/heart"
    configured = catalog(by_language={"de": "hans"}, **TWO_GERMANS, too_large=["large"])
    assert name_of(configured.default("de")) == "large/hans"


def test_a_model_alone_is_not_asked_whether_it_fits(catalog: Catalogs) -> None:
    voices = catalog(only={"voices": ENGLISH}, too_large=["only"])
    assert voices.can_hold(voices.default())


def test_languages_of_all_voices(catalog: Catalogs) -> None:
    assert catalog().languages() == ["de", "en"]
    assert [primary(tag) for tag in ("en-GB", "zh_Hans-CN", "DE")] == ["en", "zh", "de"]
    assert catalog().default("de").language == "de-DE"
    assert catalog(only={"voices": {"mute": ""}}).default().language == "en"


# By default


def test_the_default_is_the_configured_voice_else_the_first_models(catalog: Catalogs) -> None:
    assert name_of(catalog(default="anna").default()) == "second/anna"
    assert name_of(catalog(default="gone").default()) == "first/heart"
    models = {"a": {"voices": {"x": "en"}}, "b": {"voices": {"y": "en", "z": "en"}, "voice": "z"}}
    assert name_of(catalog(**models).default()) == "b/z"


def test_no_voice_at_all(catalog: Catalogs) -> None:
    with pytest.raises(ModelUnavailable, match="No voice is installed"):
        catalog(none={"voices": {}}).default()


def test_an_engine_that_fails_or_has_a_problem_does_not_take_the_rest_down(
    catalog: Catalogs, caplog: pytest.LogCaptureFixture
) -> None:
    voices = catalog(
        bad={"voices": "broken"}, lacking={"voices": {"x": "en"}, "problem": "no files"}, good={"voices": ENGLISH}
    )
    assert {voice.model for voice in voices.voices.values()} == {"good"}
    assert "The voices of bad cannot be listed" in caplog.text


# By the names of other services


def test_the_first_voice_of_an_alias_that_is_there(catalog: Catalogs) -> None:
    voices = catalog(
        aliases={"Alloy": ["gone/voice", "anna", "heart"], "nova": ["gone/voice", "default"]}, default="emma"
    )
    assert name_of(voices.find("alloy")) == name_of(voices.find("ALLOY")) == "second/anna"
    assert name_of(voices.find("nova")) == "first/emma"
    assert voices.targets("nova") == ("gone/voice", "default") and voices.targets("emma") == ()


def test_a_default_that_is_an_alias_of_the_default_is_the_first_models_voice(catalog: Catalogs) -> None:
    voices = catalog(default="alloy", aliases={"alloy": ["gone/voice", "default"]})
    assert name_of(voices.default()) == name_of(voices.find("alloy")) == "first/heart"


def test_default_is_no_name_of_a_voice_by_itself(catalog: Catalogs) -> None:
    assert catalog(aliases={"alloy": "default"}).find("default") is None


def test_shipped_names_of_other_services_work_with_any_voice_at_all(catalog: Catalogs) -> None:
    shipped = load_registry_file(None)
    names = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer")
    assert {*names, "verse"} == shipped.aliases.keys()
    assert {alias for entry in shipped.models.values() for alias in entry.aliases} >= {
        "tts-1",
        "tts-1-hd",
        "gpt-4o-mini-tts",
    }
    voices = catalog(aliases={name: list(voices) for name, voices in shipped.aliases.items()})
    assert {name_of(voices.find(name)) for name in shipped.aliases} == {"first/heart"}
