"""Which voice speaks, and how the text is read."""

import logging
from pathlib import Path

import pytest
from fault_models import fault_registry

from wyoming_openspeakers.config import TextConfig, VoiceConfig
from wyoming_openspeakers.errors import ModelUnavailable, UnknownVoice
from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile
from wyoming_openspeakers.models.voices import VoiceCatalog
from wyoming_openspeakers.speech.choose import VoiceChooser
from wyoming_openspeakers.speech.request import SpeechRequest

GERMAN = "Guten Morgen, das Wetter ist heute wunderbar und die Sonne scheint."
ENGLISH = "Good morning, the weather is wonderful today and the sun is shining."
FRENCH = "Bonjour, il fait très beau aujourd'hui et le soleil brille sur la ville."


def catalog(default: str = "", by_language: dict[str, str] | None = None, **languages: list[str]) -> VoiceCatalog:
    """A voice `MODEL/plain` for each model that speaks these languages."""
    registry = fault_registry(**{name: {"languages": tags} for name, tags in languages.items()})
    return VoiceCatalog(registry, default, by_language, fits=lambda model: not model.startswith("huge"))


HOUSE = catalog(english=["en-US"], german=["de-DE"], swiss=["de-CH"], many=["en-GB", "de-DE", "fr-FR"])


def choose(
    request: SpeechRequest,
    text: str = "",
    voices: VoiceCatalog = HOUSE,
    languages: tuple[str, ...] = (),
    detect: bool = True,
) -> tuple[str, str]:
    chooser = VoiceChooser(VoiceConfig(languages=languages), TextConfig(detect_language=detect))
    chosen, language = chooser.choose(request, voices, text)
    return chosen.model, language


def test_a_named_voice_speaks_whatever_the_text_is() -> None:
    assert choose(SpeechRequest(voice="english/plain"), GERMAN) == ("english", "en-US")


def test_a_named_voice_reads_by_the_named_language() -> None:
    assert choose(SpeechRequest(voice="english", language="de"), ENGLISH) == ("english", "de")


@pytest.mark.slow
def test_a_voice_of_many_languages_reads_by_the_text() -> None:
    assert choose(SpeechRequest(voice="many"), FRENCH) == ("many", "fr-FR")
    assert choose(SpeechRequest(voice="many"), ENGLISH) == ("many", "en-GB")
    assert choose(SpeechRequest(voice="many"), FRENCH, detect=False) == ("many", "en-GB")


@pytest.mark.parametrize(
    ("language", "model"), [("de", "german"), ("de-CH", "swiss"), ("de_ch", "swiss"), ("fr", "many"), ("xx", "english")]
)
def test_a_named_language_finds_its_voice(language: str, model: str) -> None:
    assert choose(SpeechRequest(language=language), ENGLISH) == (model, language)


def test_without_either_the_text_decides() -> None:
    assert choose(SpeechRequest(), GERMAN) == ("german", "de-DE")
    assert choose(SpeechRequest(), ENGLISH) == ("english", "en-US")
    assert choose(SpeechRequest(), GERMAN, detect=False) == ("english", "en-US")


@pytest.mark.parametrize("text", ["", "  ", "12", "OK"])
def test_what_tells_no_language_is_for_the_default_voice(text: str) -> None:
    assert choose(SpeechRequest(), text) == ("english", "en-US")


def test_only_configured_languages_are_detected() -> None:
    assert choose(SpeechRequest(), GERMAN, languages=("en", "fr"))[0] != "german"
    assert choose(SpeechRequest(), FRENCH, languages=("en", "fr")) == ("many", "fr-FR")


def test_the_configured_voice_of_a_language_comes_first() -> None:
    voices = catalog(by_language={"de": "swiss/plain"}, english=["en"], german=["de-DE"], swiss=["de-CH"])
    assert choose(SpeechRequest(), GERMAN, voices) == ("swiss", "de-CH")
    assert choose(SpeechRequest(language="de-DE"), "", voices) == ("swiss", "de-DE")


def test_the_default_voice_keeps_its_language() -> None:
    voices = catalog(default="many", english=["en-US"], german=["de-DE"], many=["fr-FR", "de-DE"])
    assert choose(SpeechRequest(), "", voices) == ("many", "fr-FR")
    assert choose(SpeechRequest(), GERMAN, voices) == ("many", "de-DE")


def test_an_unknown_voice_is_an_error_when_strict() -> None:
    with pytest.raises(UnknownVoice, match=r"'gone'.*english/plain"):
        choose(SpeechRequest(voice="gone"))


def test_a_voice_that_cannot_be_had_yet_is_warned_of_with_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models = {"english": ModelEntry(engine="faults.engine"), "mute": ModelEntry(engine="kokoro")}
    registry = Registry(RegistryFile(models=models), [tmp_path], tmp_path)
    request = SpeechRequest(voice="mute/af_heart", strict_voice=False)
    assert choose(request, ENGLISH, VoiceCatalog(registry))[0] == "english"
    (record,) = caplog.records
    said = record.getMessage()
    assert said.startswith("There is no voice 'mute/af_heart' yet: There is no Kokoro model")
    caplog.clear()
    choose(SpeechRequest(voice="x" * 10_000, strict_voice=False), ENGLISH)
    assert len(caplog.text) < 1000


def test_an_unknown_voice_else_goes_by_the_text_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert choose(SpeechRequest(voice="gone", strict_voice=False), GERMAN) == ("german", "de-DE")
    assert [(r.levelno, "gone" in r.getMessage()) for r in caplog.records] == [(logging.WARNING, True)]


def test_no_voice_at_all_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ModelUnavailable, match="check"):
        choose(SpeechRequest(), ENGLISH, catalog())
    with pytest.raises(UnknownVoice, match="none is installed"):
        choose(SpeechRequest(voice="x"), ENGLISH, catalog())


@pytest.mark.parametrize(
    ("request_", "needed"),
    [
        (SpeechRequest(), True),
        (SpeechRequest(language="de"), False),
        (SpeechRequest(voice="english"), False),
        (SpeechRequest(voice="many"), True),
        (SpeechRequest(voice="many", language="de"), False),
        (SpeechRequest(voice="gone"), False),
        (SpeechRequest(voice="gone", strict_voice=False), True),
    ],
)
def test_whether_the_text_is_needed(request_: SpeechRequest, needed: bool) -> None:
    assert VoiceChooser(VoiceConfig(), TextConfig()).needs_text(request_, HOUSE) is needed
    assert not VoiceChooser(VoiceConfig(), TextConfig(detect_language=False)).needs_text(request_, HOUSE)


def test_the_text_is_not_needed_where_all_voices_speak_one_language() -> None:
    voices = catalog(one=["en-US"], other=["en-GB"])
    assert not VoiceChooser(VoiceConfig(), TextConfig()).needs_text(SpeechRequest(), voices)


@pytest.mark.parametrize(
    ("voice", "language", "speaks"),
    [
        ("english", "de", "german"),
        ("english", "en-GB", "english"),
        ("many", "de-CH", "many"),
        ("english", "ja", "english"),
    ],
)
def test_words_marked_with_a_language_go_to_a_voice_that_speaks_it(voice: str, language: str, speaks: str) -> None:
    chooser = VoiceChooser(VoiceConfig(), TextConfig())
    assert chooser.switch(HOUSE.require(voice), language, HOUSE).model == speaks


def test_a_voice_that_memory_cannot_hold_is_no_choice_where_there_is_another() -> None:
    voices = catalog(english=["en-US"], huge=["de-DE"], german=["de-DE"])
    assert choose(SpeechRequest(), GERMAN, voices) == ("german", "de-DE")
    assert choose(SpeechRequest(language="de"), "", voices) == ("german", "de")
    assert choose(SpeechRequest(voice="huge"), GERMAN, voices)[0] == "huge"


def test_words_in_another_language_stay_with_the_voice_rather_than_end_the_text() -> None:
    voices = catalog(english=["en-US"], huge=["de-DE"])
    chooser = VoiceChooser(VoiceConfig(), TextConfig())
    assert chooser.switch(voices.require("english"), "de", voices).model == "english"
