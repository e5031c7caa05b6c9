"""The files of models as Home Assistant is told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.events import DownloadChanged
from wyoming_openspeakers.fronts.mqtt.shown import Downloadable
from wyoming_openspeakers.fronts.mqtt.updates import look_at_updates, update_state
from wyoming_openspeakers.models.hub.installed import HubFile, Record, write_records
from wyoming_openspeakers.models.registry import Registry, RegistryFile

NOW, BEFORE = "a1" * 20, "b2" * 20
PATTERNS = ("config.json",)
KOKORO = Downloadable("kokoro", "Kokoro", "", True, "revision a1a1a1a")


def registry(folder: Path, **more: Any) -> Registry:
    hub = {"repo": "owner/kokoro", "revision": NOW, "files": PATTERNS}
    by_voice = {**hub, "files": ["{voice}.onnx"]}
    models = {
        "kokoro": {"engine": "kokoro", "name": "Kokoro", "hub": hub},
        "piper": {"engine": "piper", "hub": by_voice},
        "hibari": {"engine": "hibari"},
        **more,
    }
    return Registry(RegistryFile.model_validate({"models": models}), [folder], folder / "cache")


def put(folder: Path, commit: str) -> None:
    """Have a complete download."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    write_records(folder, [Record("owner/kokoro", commit, commit, PATTERNS, (HubFile("config.json", 2, "sha1:0"),))])


def test_only_models_that_are_fetched_as_a_whole_are_shown(tmp_path: Path) -> None:
    assert [model.model for model in look_at_updates(registry(tmp_path))] == ["kokoro"]


@pytest.mark.parametrize(
    ("commit", "here"), [(NOW, "revision a1a1a1a"), (BEFORE, "revision b2b2b2b"), ("", "not installed")]
)
def test_the_revision_that_is_here_is_told(tmp_path: Path, commit: str, here: str) -> None:
    if commit:
        put(tmp_path / "kokoro", commit)
    ((model, found),) = look_at_updates(registry(tmp_path)).items()
    assert found == here
    assert model.latest == "revision a1a1a1a"
    assert model.is_installed == bool(commit)


def test_a_model_of_the_hub_by_its_name_has_no_revision_to_come_to(tmp_path: Path) -> None:
    known = registry(tmp_path)
    known.add_on_demand("owner/other", NOW)
    assert [model.model for model in look_at_updates(known)] == ["kokoro"]


@pytest.mark.parametrize(
    ("download", "in_progress", "percentage"),
    [
        (None, False, None),
        (DownloadChanged("kokoro", "waiting"), True, None),
        (DownloadChanged("kokoro", "downloading", done=1, total=4), True, 25),
        (DownloadChanged("kokoro", "downloading", done=9, total=4), True, 100),
        (DownloadChanged("kokoro", "failed", done=1, total=4), False, None),
    ],
)
def test_how_far_a_download_is(download: DownloadChanged | None, in_progress: bool, percentage: int | None) -> None:
    told = json.loads(update_state(KOKORO, "not installed", download))
    assert told == {
        "installed_version": "not installed",
        "latest_version": "revision a1a1a1a",
        "in_progress": in_progress,
        "update_percentage": percentage,
    }
