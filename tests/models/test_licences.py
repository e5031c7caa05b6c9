"""Licences, by their ids on the hub and by names as people write them."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.models.licences import forbids_commercial_use, terms


@pytest.mark.parametrize(
    "licence",
    [
        "cc-by-nc-4.0",
        "CC-BY-NC-SA-4.0",
        "CC BY NC ND 3.0",
        "fair-noncommercial-research-license",
        "Boson non-commercial licence",
        "NVIDIA OneWay Non Commercial License",
        "fish-audio-research-license",
        "coqui-public-model-license",
        "CPML",
        "nsclv1",
    ],
)
def test_some_allow_no_use_that_earns_money(licence: str) -> None:
    assert forbids_commercial_use(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "",
        "mit",
        "MIT and others, by voice",
        "apache-2.0",
        "CC-BY-4.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "Llama 3.2 Community",
        "Boson Higgs Audio 2 Community",
        "openrail",
        "ncsa",
        "other",
    ],
)
def test_others_allow_it_or_do_not_tell(licence: str) -> None:
    assert not forbids_commercial_use(licence)


def test_terms_are_told_in_a_few_words() -> None:
    assert terms("MIT", gated=None) == "MIT"
    assert terms("CC-BY-NC-4.0", gated=True) == "CC-BY-NC-4.0, non-commercial, gated"
    assert terms("", gated=True) == "unknown, gated"
    assert terms("", gated=None) == "unknown"
