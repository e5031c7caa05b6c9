"""A tiny VibeVoice that a file's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tiny_vibevoice
from assets import Loaded, load

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.vibevoice.prompt_voices import OWN


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tiny_vibevoice.vibevoice(tmp_path_factory.mktemp("vibevoice"))
    loaded = load(ModelSpec("vibevoice", "vibevoice", (str(folder),), OWN[0], threads=1))
    yield loaded
    loaded.engine.unload()


@pytest.fixture
def quick(on_one_core: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one core, with voices of few words."""
    monkeypatch.setattr("wyoming_openspeakers.engines.vibevoice.long.OWN_SECONDS", 0.8)
