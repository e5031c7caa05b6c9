"""CSM: goes on with a conversation, and so speaks like whoever has spoken in it before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineError, EngineRequest, ModelSpec, Reference, Samples
from ..prompts import PromptCache, read_reference
from ..torch.family import to_samples
from ..torch.folder import ModelFolder
from .generic import GenericFamily, sound_of

if TYPE_CHECKING:
    import torch


class CsmFamily(GenericFamily):
    """A CSM. Without recordings to go on from it has another voice each time unless there is a seed."""

    kinds: ClassVar[tuple[str, ...]] = ("csm",)
    clones: ClassVar[bool] = True
    needs_transcript: ClassVar[bool] = True

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        self._codes: PromptCache[Any] = PromptCache()
        self._prompting: list[Reference] = []
        self._encode = self._model.codec_model.encode
        self._model.codec_model.encode = self._encoded

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        self._prompting = list(request.references)
        return to_samples(sound_of(self._run(text, request.references)))

    def forget(self, digests: Collection[str]) -> None:
        self._codes.forget(digests)

    def _conversation(self, text: str, references: Collection[Reference]) -> list[dict[str, Any]]:
        before = [
            {
                "role": "0",
                "content": [
                    {"type": "text", "text": reference.transcript},
                    {"type": "audio", "audio": self._recording(reference)},
                ],
            }
            for reference in references
        ]
        return before + super()._conversation(text, references)

    def _recording(self, reference: Reference) -> Samples:
        rate, samples = read_reference(reference)
        if rate != self.rate:
            raise EngineError(f"The recording has {rate} Hz and the model wants {self.rate}", "bad_parameter")
        return samples

    def _encoded(self, values: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        """The codec's codes of the next recording of the prompt, which the model asks for before each sentence."""
        if not self._prompting:
            return self._encode(values, *arguments, **options)
        return self._codes.get(self._prompting.pop(0), lambda: self._encode(values, *arguments, **options))


FAMILY = CsmFamily
