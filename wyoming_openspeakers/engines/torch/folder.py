"""A model's folder in the hub's layout, read without any of the packages that run the model."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..base import ModelSpec
from ..revision import revision

_LOGGER = logging.getLogger(__name__)

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""A model's weights, or with `.index.json` the list of the files that they are in; the better first."""


@dataclass(frozen=True)
class ModelFolder:
    """What a model's folder says about it."""

    path: Path

    @property
    def config(self) -> Mapping[str, Any]:
        """config.json; empty when there is none that can be read."""
        return self.read("config.json")

    @property
    def kind(self) -> str:
        """The library's name for the kind of model: `vits`."""
        return str(self.config.get("model_type", ""))

    @property
    def revision(self) -> str:
        """Changes when a file of the model does."""
        names = ("config.json", "tokenizer_config.json", "vocab.json", "generation_config.json")
        return revision(*(path for name in names if (path := self.path / name).is_file()), *self.weights())

    def read(self, name: str) -> Mapping[str, Any]:
        """A JSON file of the folder."""
        path = self.path / name
        try:
            return _read(path, revision(path))
        except OSError:
            return {}

    def weights(self) -> list[Path]:
        """The files that the weights are in, without those that are missing."""
        return [path for path in self._named_weights() if path.is_file()]

    def missing(self) -> str | None:
        """What of the model is not there, in a sentence."""
        if not self.config:
            return f"{self.path / 'config.json'} is damaged; download the model again"
        named = self._named_weights()
        if not named:
            return f"The weights are missing in {self.path} ({' or '.join(WEIGHTS)}); download the model again"
        if absent := [path.name for path in named if not path.is_file()]:
            return f"{', '.join(absent)} is missing in {self.path}; download the model again"
        return None

    def _named_weights(self) -> list[Path]:
        # Where a folder has the author's own files too, config.json says which ones are the library's.
        own = Path(str(self.config.get("transformers_weights") or "")).name.removesuffix(".index.json")
        for name in (own,) if own else WEIGHTS:
            if (self.path / name).is_file():
                return [self.path / name]
            parts = self.read(f"{name}.index.json").get("weight_map")
            if isinstance(parts, dict):
                # A name that leads elsewhere is none of this model's files.
                return [self.path / part for part in sorted({Path(str(part)).name for part in parts.values()})]
        return []


def find_folder(spec: ModelSpec) -> ModelFolder | None:
    """The first of the model's folders that has a config.json."""
    found = next((path for folder in spec.paths if (path := Path(folder) / "config.json").is_file()), None)
    return ModelFolder(found.parent) if found else None


@lru_cache(maxsize=256)
def _read(path: Path, state: str) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        _LOGGER.warning("%s cannot be read: %s", path, error)
        return {}
    return content if isinstance(content, dict) else {}
