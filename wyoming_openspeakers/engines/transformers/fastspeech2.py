"""FastSpeech2Conformer: English, without chance and in one pass, alone or saved together with its vocoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineRequest, ModelSpec, Samples, Voice
from ..torch.family import library, speaker_number, stages_of, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .vocoder import find_vocoder
from .whole import WholeFamily

if TYPE_CHECKING:
    import torch

RATE = 22_050

WITH_VOCODER = "fastspeech2_conformer_with_hifigan"


class FastSpeech2Family(WholeFamily):
    """A FastSpeech2Conformer with its vocoder."""

    kinds: ClassVar[tuple[str, ...]] = (WITH_VOCODER, "fastspeech2_conformer")
    has_speeds: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, str]] = {"g2p_en": "g2p-en"}

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        tokenization = library("models.fastspeech2_conformer.tokenization_fastspeech2_conformer")
        self._tokenizer = tokenization.FastSpeech2ConformerTokenizer.from_pretrained(folder.path, local_files_only=True)
        modeling = library("models.fastspeech2_conformer.modeling_fastspeech2_conformer")
        if folder.kind == WITH_VOCODER:
            both = load_model(modeling.FastSpeech2ConformerWithHifiGan, folder, self.dtype)
            self._model, self._vocoder = both.model, both.vocoder
        else:
            vocoder = find_vocoder(spec, folder)
            assert vocoder is not None
            self._model = load_model(modeling.FastSpeech2ConformerModel, folder, self.dtype)
            self._vocoder = load_model(modeling.FastSpeech2ConformerHifiGan, vocoder, self.dtype)
        self._own_slowness = self._model.config.speaking_speed

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        vocoder = find_vocoder(spec, folder)
        sound = folder.config.get("vocoder_config") or (vocoder.config if vocoder else {})
        speech = folder.config.get("model_config") or folder.config
        count = int(speech.get("num_speakers") or 1)
        speakers = tuple(map(str, range(count))) if count > 1 else ()
        rate = int(sound.get("sampling_rate") or RATE)
        return [Voice("default", ("en",), "The model's voice, English", speakers=speakers, rate=rate)]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if not (folder.path / "vocab.json").is_file():
            return f"vocab.json is missing in {folder.path}; it is in espnet/fastspeech2_conformer on the hub"
        if folder.kind != WITH_VOCODER:
            vocoder = find_vocoder(spec, folder)
            if vocoder is None:
                place = folder.path / "vocoder"
                return (
                    f"FastSpeech2 needs a vocoder: put the files of espnet/fastspeech2_conformer_hifigan into {place}"
                )
            if missing := vocoder.missing():
                return missing
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        return [*stages_of(self._model, "encoder"), self._vocoder]

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        count = self._model.config.num_speakers or 1
        speaker = speaker_number(request, count) if count > 1 else None
        numbers = self._tokenizer(text, return_tensors="pt").input_ids
        # What the library calls speed is a length.
        return self._run(numbers, self._own_slowness / request.speed, speaker)

    def warm_up(self) -> None:
        self._run(self._tokenizer("a", return_tensors="pt").input_ids, 1.0, None)

    def _run(self, numbers: Any, slowness: float, speaker: int | None) -> Samples:
        import torch

        self._model.config.speaking_speed = slowness
        speakers = None if speaker is None else torch.tensor([speaker], device=self.device)
        frames = self._model(numbers.to(self.device), speaker_ids=speakers, return_dict=True).spectrogram
        if not frames.shape[1]:
            return np.zeros(0, np.float32)
        return to_samples(self._vocoder(frames))


FAMILY = FastSpeech2Family
