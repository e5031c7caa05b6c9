"""Bark: a hundred presets in thirteen languages, with laughter and sighs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Samples, Voice
from ..torch.family import library, stages_of, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .whole import WholeFamily

if TYPE_CHECKING:
    import torch

RATE = 24_000

LANGUAGES = ("en", "de", "es", "fr", "hi", "it", "ja", "ko", "pl", "pt", "ru", "tr", "zh")

ANYONE = "random"
"""The voice that is another one in each sentence."""

PARTS = ("semantic_prompt", "coarse_prompt", "fine_prompt")

_LANGUAGE = re.compile(r"(?:.*/)?(?P<language>[a-z]{2})_speaker_")


class BarkFamily(WholeFamily):
    """A Bark model with its presets; it has one speed."""

    kinds: ClassVar[tuple[str, ...]] = ("bark",)
    longest: ClassVar[int] = 200
    is_fine_with_halves: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 2,
            "description": "Bark: how freely it speaks",
        },
        "waveform_temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 2,
            "description": "Bark: how freely it sounds",
        },
    }

    @classmethod
    def defaults(cls, folder: ModelFolder) -> Mapping[str, Any]:
        own = folder.read("generation_config.json")
        parts = ("semantic_config", "coarse_acoustics_config", "fine_acoustics_config")
        speech, coarse, fine = (own.get(part, {}).get("temperature") for part in parts)
        # One parameter stands for two of the model's, which need not be the same there.
        return {"temperature": speech, "waveform_temperature": coarse if coarse == fine else None}

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        tokenizer = library("models.auto.tokenization_auto").AutoTokenizer
        self._processor = library("models.bark.processing_bark").BarkProcessor(
            tokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        )
        self._model = load_model(library("models.bark.modeling_bark").BarkModel, folder, self.dtype)

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        rate = int(folder.read("generation_config.json").get("sample_rate") or RATE)
        voices = []
        for name in _presets(folder):
            match = _LANGUAGE.match(name)
            language = match["language"] if match else "en"
            # Those of the second version have the names of the first, in a folder.
            version, _, words = name.replace("_", " ").rpartition("/")
            told = f"Preset {words}, {version}" if version else f"Preset {words}"
            voices.append(Voice(name, (language,), told, rate=rate))
        return [*voices, Voice(ANYONE, LANGUAGES, "Somebody else in each sentence", rate=rate)]

    @property
    def stages(self) -> list[Any]:
        # The codec is used through its parts, so it has to be there before the last model that is called as a whole.
        return stages_of(self._model, "semantic", "coarse_acoustics", "codec_model", "fine_acoustics")

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        options = {}
        if (temperature := settings.get("temperature")) is not None:
            options["semantic_temperature"] = float(temperature)
        if (temperature := settings.get("waveform_temperature")) is not None:
            options["coarse_temperature"] = options["fine_temperature"] = float(temperature)
        return self._run(text, request.voice, options)

    def warm_up(self) -> None:
        # On a processor nothing would be faster afterwards, and the least that it can say takes seconds.
        if self.device.type != "cpu":
            self._run("Hm.", ANYONE, {"semantic_max_new_tokens": 4})

    def _run(self, text: str, voice: str, options: Mapping[str, Any]) -> Samples:
        preset = None if voice == ANYONE else self._preset(voice)
        inputs = self._processor(text, voice_preset=preset, max_length=self._model_length).to(self.device)
        return to_samples(self._model.generate(**inputs, **options))

    @property
    def _model_length(self) -> int:
        """How many tokens of text it was made for; it cuts off all others."""
        return int(self._model.generation_config.semantic_config.get("max_input_semantic_length", 256))

    def _preset(self, name: str) -> dict[str, Any]:
        files = _presets(self.folder)[name]
        try:
            return {part: np.load(path, allow_pickle=False) for part, path in files.items()}
        except (OSError, ValueError) as error:
            raise EngineError(
                f"The preset {name} is damaged: {error}; download the model again", "model_missing"
            ) from None


def _presets(folder: ModelFolder) -> dict[str, dict[str, Path]]:
    """The files of each preset that is complete."""
    presets = {}
    for name, parts in folder.read("speaker_embeddings_path.json").items():
        if isinstance(parts, dict) and all(part in parts for part in PARTS):
            names = [Path(str(parts[part])) for part in PARTS]
            # A path that leads elsewhere is none of this model's files.
            if any(path.is_absolute() or ".." in path.parts for path in names):
                continue
            if all((folder.path / path).is_file() for path in names):
                presets[name] = {part: folder.path / path for part, path in zip(PARTS, names, strict=True)}
    return presets


FAMILY = BarkFamily
