"""VITS: Meta's MMS in 1,100 languages, and VCTK with its 109 speakers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Samples, Voice
from ..torch.family import library, needs_package, speaker_number, stages_of, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .languages import tag, tag_of_repository
from .whole import WholeFamily

if TYPE_CHECKING:
    import torch

RATE = 16_000
"""Where config.json does not say."""


class VitsFamily(WholeFamily):
    """A VITS model with its tokenizer."""

    kinds: ClassVar[tuple[str, ...]] = ("vits",)
    has_speeds: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, Any]] = {
        "noise_scale": {
            "type": "number",
            "minimum": 0,
            "maximum": 2,
            "description": "VITS: how much the sound varies",
        },
        "noise_scale_duration": {
            "type": "number",
            "minimum": 0,
            "maximum": 2,
            "description": "VITS: how much the rhythm varies",
        },
    }

    @classmethod
    def defaults(cls, folder: ModelFolder) -> Mapping[str, Any]:
        usual = {"noise_scale": 0.667, "noise_scale_duration": 0.8}
        return {name: folder.config.get(name, value) for name, value in usual.items()}

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        self._tokenizer = library("models.vits.tokenization_vits").VitsTokenizer.from_pretrained(
            folder.path, local_files_only=True
        )
        self._romanizer: Any = importlib.import_module("uroman").Uroman() if self._tokenizer.is_uroman else None
        self._model = load_model(library("models.vits.modeling_vits").VitsModel, folder, self.dtype)
        # Only training uses it, and it is a fifth of the model.
        del self._model.posterior_encoder
        self._config = self._model.config

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        code = folder.read("tokenizer_config.json").get("language")
        language = tag(code) or tag_of_repository(f"{spec.id} {folder.path}") or "en"
        count = int(folder.config.get("num_speakers") or 1)
        speakers = tuple(map(str, range(count))) if count > 1 else ()
        description = f"{count} speakers, {language}" if speakers else f"The model's voice, {language}"
        rate = int(folder.config.get("sampling_rate") or RATE)
        return [Voice("default", (language,), description, speakers=speakers, rate=rate)]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        settings = folder.read("tokenizer_config.json")
        # Without its settings the tokenizer would make phonemes of what the model knows as letters.
        if absent := next((name for name in ("vocab.json", "tokenizer_config.json") if not folder.read(name)), None):
            return f"{absent} is missing or damaged in {folder.path}; download the model again"
        if settings.get("is_uroman") and not spec.has_package("uroman"):
            return needs_package("uroman", "uroman")
        if settings.get("phonemize", True) and not spec.has_package("phonemizer"):
            return f"{needs_package('phonemizer', 'phonemizer')}, and espeak-ng installed"
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        return stages_of(self._model, "text_encoder", "embed_speaker", "duration_predictor", "flow", "decoder")

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        numbers = self._numbers(text)
        if not numbers:
            return np.zeros(0, np.float32)
        several = self._config.num_speakers > 1
        speaker = speaker_number(request, self._config.num_speakers) if several else None
        self._model.noise_scale = settings.get("noise_scale", self._config.noise_scale)
        self._model.noise_scale_duration = settings.get("noise_scale_duration", self._config.noise_scale_duration)
        return to_samples(self._run(numbers, speaker, self._config.speaking_rate * request.speed))

    def warm_up(self) -> None:
        letters = [token for token in self._tokenizer.encoder if len(token) == 1 and token.isalpha()]
        numbers = self._tokenizer.convert_tokens_to_ids(letters[:2])
        if numbers:
            self._run(numbers, 0 if self._config.num_speakers > 1 else None, 1.0)

    def _run(self, numbers: list[int], speaker: int | None, rate: float) -> Any:
        import torch

        inputs = torch.tensor([numbers], device=self.device)
        return self._model(input_ids=inputs, speaker_id=speaker, speaking_rate=rate).waveform

    def _numbers(self, text: str) -> list[int]:
        """A text's letters by their numbers; none where there is nothing to say."""
        if self._romanizer is not None and not text.isascii():
            text = self._romanizer.romanize_string(text)
        try:
            numbers: list[int] = self._tokenizer(text).input_ids
        except (ImportError, RuntimeError) as error:
            raise EngineError(f"The text cannot be made phonemes: {error}", "package_missing") from None
        letters = self._tokenizer.convert_ids_to_tokens(numbers)
        return numbers if any(letter.isalnum() for letter in letters if letter) else []


FAMILY = VitsFamily
