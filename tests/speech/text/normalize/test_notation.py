"""Written numbers taken apart."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize.notation import Written, parse


@pytest.mark.parametrize(
    ("text", "decimal_sign", "written"),
    [
        ("5", ".", Written("5")),
        ("1,250", ".", Written("1250")),
        ("1,250", ",", Written("1", "250")),
        ("1.250", ",", Written("1250")),
        ("21.5", ",", Written("21", "5")),
        ("0.125", ",", Written("0", "125")),
        ("1.250,50", ".", Written("1250", "50")),
        ("1,250,000", ",", Written("1250000")),
        ("1’250.5", ".", Written("1250", "5")),
        ("2.5.1", ".", None),
        ("12’34", ".", None),
        ("1.2,3", ".", None),
    ],
)
def test_parse(text: str, decimal_sign: str, written: Written | None) -> None:
    assert parse(text, decimal_sign) == written
