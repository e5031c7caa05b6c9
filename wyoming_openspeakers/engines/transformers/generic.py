"""Models that the library itself knows how to prompt and to decode, so that nothing about them has to be known here.

That is so where the codec is part of the checkpoint and the chat template of its processor needs no more than text. A
kind joins by its name once a checkpoint of it has spoken in the tests; most do not work this way: Pocket TTS, Phonon
and Higgs Audio have codecs that are checkpoints of their own and want a voice, VibeVoice wants one and a package of
schedulers, MusicGen makes music, and the Omni models are assistants who answer instead of reading aloud.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineError, EngineRequest, ModelSpec, Reference, Samples, Voice
from ..torch.family import library, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .whole import WholeFamily

if TYPE_CHECKING:
    import torch

SOUNDS = ("audio", "waveform")
"""Where what `generate` returns keeps the sound, when it is no plain list."""


class GenericFamily(WholeFamily):
    """A model that speaks by the library's common interface alone; it has one speed."""

    kinds: ClassVar[tuple[str, ...]] = ()
    # Ten seconds is what such checkpoints say they can do at once.
    longest: ClassVar[int] = 120

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        names = library("models.auto.modeling_auto").MODEL_FOR_TEXT_TO_WAVEFORM_MAPPING_NAMES
        model_class = getattr(library(f"models.{folder.kind}.modeling_{folder.kind}"), names[folder.kind])
        processor = library("models.auto.processing_auto").AutoProcessor
        self._processor = processor.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        self._model = load_model(model_class, folder, self.dtype)
        takes = inspect.signature(self._model.generate).parameters
        self._options = {"output_audio": True} if "output_audio" in takes else {}
        self.rate = _rate(folder)

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        return [Voice("default", spec.languages or ("en",), "The model's own voice", rate=_rate(folder))]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if not _rate(folder):
            return f"Nothing in {folder.path} names the model's sample rate; download the model again"
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        # In which order its parts are used, or whether they are called at all, is its own business.
        return [self._model]

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        return to_samples(sound_of(self._run(text)))

    def warm_up(self) -> None:
        self._run("a", max_new_tokens=2)

    def _conversation(self, text: str, references: Collection[Reference]) -> list[dict[str, Any]]:
        """What the model is given to go on with."""
        return [{"role": "0", "content": [{"type": "text", "text": text}]}]

    def _run(self, text: str, references: Collection[Reference] = (), **options: Any) -> Any:
        inputs = self._processor.apply_chat_template(
            self._conversation(text, references), tokenize=True, return_dict=True, return_tensors="pt"
        ).to(self.device)
        return self._model.generate(**inputs, **self._options, **options)


def _rate(folder: ModelFolder) -> int:
    """The sample rate in hertz, from wherever the library keeps it; 0 when it is nowhere."""
    codec = folder.config.get("codec_config") or {}
    extractor = folder.read("processor_config.json").get("feature_extractor") or {}
    places = (codec, folder.config, extractor, folder.read("preprocessor_config.json"))
    return next((int(rate) for place in places if (rate := place.get("sampling_rate"))), 0)


def sound_of(output: Any) -> torch.Tensor:
    """The sound in what a model returns for one text."""
    import torch

    found = next((sound for name in SOUNDS if (sound := getattr(output, name, None)) is not None), output)
    if isinstance(found, list | tuple) and found:
        found = found[0]
    if not isinstance(found, torch.Tensor) or not found.is_floating_point():
        raise EngineError(f"The model returned {type(found).__name__}, which is no sound")
    return found
