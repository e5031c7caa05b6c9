"""The pages of models at their hub."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.models.hub.pages import page_of


def test_the_page_is_at_the_hub_or_at_the_mirror_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert page_of("owner/name") == "https://huggingface.co/owner/name"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert page_of("owner/name") == "https://mirror.example/owner/name"
    assert page_of("owner/name", "http://127.0.0.1:9") == "http://127.0.0.1:9/owner/name"


def test_a_name_stays_within_the_path() -> None:
    assert page_of('o/n?x#y"', "https://hub.example") == "https://hub.example/o/n%3Fx%23y%22"
