"""Each error says the same thing on every front."""

from collections import Counter

from wyoming_openspeakers.errors import ConfigError, SpeechError, TextTooLong, UnknownVoice


def _all(base: type[SpeechError]) -> list[type[SpeechError]]:
    return [base, *(found for error in base.__subclasses__() for found in _all(error))]


def test_codes_are_unique_and_statuses_make_sense() -> None:
    errors = [error for error in _all(SpeechError) if error.__module__ == "wyoming_openspeakers.errors"]
    assert len(errors) > 10
    assert max(Counter(error.code for error in errors).values()) == 1
    assert all(error.code == error.code.lower().replace("_", "-") for error in errors)
    assert all(400 <= error.http_status < 600 and 1 <= error.exit_code <= 2 for error in errors)


def test_what_the_caller_can_mend_is_told_from_what_failed() -> None:
    assert (ConfigError.exit_code, TextTooLong.http_status, UnknownVoice.http_status) == (2, 413, 404)
    assert str(UnknownVoice("There is no voice 'x'")) == "There is no voice 'x'"
