"""What Bark's presets are called."""

from __future__ import annotations

import json
from pathlib import Path

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.transformers.bark import PARTS, BarkFamily


def test_presets_of_one_name_in_two_versions_are_told_apart(tmp_path: Path) -> None:
    index: dict[str, dict[str, str]] = {}
    for name in ("en_speaker_6", "v2/en_speaker_6", "announcer"):
        index[name] = {part: f"speaker_embeddings/{name}_{part}.npy" for part in PARTS}
        for file in index[name].values():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
    (tmp_path / "speaker_embeddings_path.json").write_text(json.dumps(index))
    voices = BarkFamily.voices(ModelSpec("bark", "transformers"), ModelFolder(tmp_path))
    assert [voice.description for voice in voices] == [
        "Preset en speaker 6", "Preset en speaker 6, v2", "Preset announcer", "Somebody else in each sentence",
    ]  # fmt: skip
    assert [voice.name for voice in voices] == [*index, "random"]
