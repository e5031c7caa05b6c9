"""SpeechT5: English in the voice of whomever a speaker embedding describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Samples, Voice
from ..torch.family import library, stages_of, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .vocoder import find_vocoder
from .whole import WholeFamily

if TYPE_CHECKING:
    import torch

RATE = 16_000

MOST_FRAMES = 20.0
"""For each letter: a model that does not find the end is stopped."""

SPEAKER_FOLDERS = ("speakers", "speaker_embeddings")
"""Where a voice's embedding is looked for: an .npy file of as many numbers as config.json says, mostly 512."""


class SpeechT5Family(WholeFamily):
    """A SpeechT5 with its vocoder; it has one speed."""

    kinds: ClassVar[tuple[str, ...]] = ("speecht5",)
    needs: ClassVar[Mapping[str, str]] = {"sentencepiece": "sentencepiece"}
    longest: ClassVar[int] = 400

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        vocoder = find_vocoder(spec, folder)
        assert vocoder is not None
        tokenizer = library("models.speecht5.tokenization_speecht5").SpeechT5Tokenizer
        self._tokenizer = tokenizer.from_pretrained(folder.path, local_files_only=True)
        modeling = library("models.speecht5.modeling_speecht5")
        self._model = load_model(modeling.SpeechT5ForTextToSpeech, folder, self.dtype)
        self._vocoder = load_model(modeling.SpeechT5HifiGan, vocoder, self.dtype)
        self._speakers: dict[str, Samples] = {}

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        vocoder = find_vocoder(spec, folder)
        rate = int(vocoder.config.get("sampling_rate") or RATE) if vocoder else RATE
        names = list(_speakers(folder)) or ["default"]
        return [Voice(name, ("en",), name.replace("_", " ").capitalize(), rate=rate) for name in names]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        vocoder = find_vocoder(spec, folder)
        if vocoder is None:
            return (
                f"SpeechT5 needs a vocoder: put the files of microsoft/speecht5_hifigan into {folder.path / 'vocoder'}"
            )
        if not (folder.path / "spm_char.model").is_file():
            return f"spm_char.model is missing in {folder.path}; download the model again"
        return vocoder.missing() or super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        return [*stages_of(self._model), self._vocoder]

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        numbers = self._tokenizer(text, return_tensors="pt").input_ids
        return to_samples(self._run(numbers, self._speaker(request.voice)))

    def warm_up(self) -> None:
        numbers = self._tokenizer("a", return_tensors="pt").input_ids
        self._run(numbers, np.zeros(self._model.config.speaker_embedding_dim, np.float32))

    def _run(self, numbers: Any, speaker: Samples) -> Any:
        import torch

        config = self._model.config
        most = config.max_speech_positions * config.reduction_factor / numbers.shape[1]
        return self._model.generate(
            numbers.to(self.device),
            speaker_embeddings=torch.from_numpy(speaker)[None].to(self.device, self.dtype),
            vocoder=self._vocoder,
            # Past the last position that it knows it does not stop, it fails.
            maxlenratio=min(MOST_FRAMES, most),
        )

    def _speaker(self, name: str) -> Samples:
        """A voice's embedding; a neutral one where the model comes without voices."""
        if name not in self._speakers:
            width = self._model.config.speaker_embedding_dim
            path = _speakers(self.folder).get(name)
            try:
                values = np.load(path, allow_pickle=False) if path else np.zeros(width)
            except (OSError, ValueError) as error:
                raise EngineError(f"{path} is not a speaker embedding: {error}", "model_missing") from None
            if values.size != width:
                text = f"{path} has {values.size} numbers; an embedding for this model has {width}"
                raise EngineError(text, "model_missing")
            self._speakers[name] = values.reshape(-1).astype(np.float32)
        return self._speakers[name]


def _speakers(folder: ModelFolder) -> dict[str, Path]:
    files = (path for name in SPEAKER_FOLDERS for path in sorted((folder.path / name).glob("*.npy")))
    return {path.stem: path for path in files}


FAMILY = SpeechT5Family
