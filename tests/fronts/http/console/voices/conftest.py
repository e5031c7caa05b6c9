"""A house with voices: a real service with a small CSM that clones, and a microphone that hears a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ServeProcess
from processes import SHARED
from recordings import speech, wav

CSM = {"csm": {"engine": "codec_lm", "name": "Small CSM", "ram": "100MB", "parameters": {"max_frames": 30}}}


@pytest.fixture(scope="package")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files to upload, by name."""
    folder = tmp_path_factory.mktemp("recordings")
    files = {
        "anna.wav": wav(speech(9)),
        "again.wav": wav(speech(8)),
        "short.wav": wav(speech(1)),
        "loud.wav": wav(speech(8) * 8),
        "words.wav": b"This is no recording at all.",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in files}


@pytest.fixture(scope="module")
def browser_arguments(recordings: dict[str, str]) -> list[str]:
    """A microphone that hears a file over and over."""
    heard = f"--use-file-for-fake-audio-capture={recordings['anna.wav']}"
    return ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", heard]


def written(path: Path, tree: dict[str, Any]) -> str:
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with the default voice and a model that clones, though what it says is noise."""
    pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
    import tiny_models

    folder = tmp_path_factory.mktemp("voices")
    tiny_models.csm(folder / "data" / "models" / "csm")
    presets = {"bedtime": {"voice": "hibari/heart", "speed": 0.85}}
    models = written(folder / "models.yaml", {"models": CSM})
    config = written(folder / "config.yaml", {"voice": {"presets": presets}})
    process = ServeProcess(folder / "data", ["--models", models, "--config", config])
    SHARED.add(process.process.pid)
    yield process
    process.stop()
