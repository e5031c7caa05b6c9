"""CSM: goes on with a conversation in codes of a Mimi, and speaks like whoever has spoken in it before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineRequest, ModelSpec, Reference
from ..torch.folder import ModelFolder
from ..torch.sampling import Sampler, generator_of
from ..transformers.csm import CsmFamily
from .family import CodecFamily
from .frames import Decoder, Frame, FrameStreamer, Layout
from .mimi import MimiParts, MimiStream

if TYPE_CHECKING:
    import torch


class CsmLayout(Layout):
    """All codes of a frame at once; at the end, all are the same one."""

    def __init__(self, end: int) -> None:
        self._end = end

    def take(self, tokens: torch.Tensor) -> Frame | None:
        codes: Frame = tokens.reshape(-1).tolist()
        # The last one does not matter to the library either.
        if all(code == self._end for code in codes[:-1]):
            self.is_over = True
            return None
        return codes


class CodeChoice:
    """Lets the model say only what the codec knows."""

    def __init__(self, sampler: Sampler, codes: int) -> None:
        self._sampler = sampler
        self._codes = codes

    def __call__(self, tokens: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores of which the highest is what is said."""
        scores[:, self._codes :] = -float("inf")
        return self._sampler.noisy(scores)


class StreamedCsm(CsmFamily, CodecFamily):
    """A CSM. Without a recording to go on from, all pieces of a text have the voice of its first."""

    # Its codec is part of it, and would be heard to round.
    is_fine_with_halves: ClassVar[bool] = False
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 2,
            "description": "How freely it speaks; 0.6 for Orpheus and 0.9 for CSM when left out",
        },
        "top_k": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2048,
            "default": 50,
            "description": "CSM: from how many of the likeliest codes it chooses",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1024,
            "default": 125,
            "description": "CSM: the most that it says at once, 12.5 to a second",
        },
    }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        # The sound is made while it generates, not at the end.
        self._options = {}
        self._parts = MimiParts(self._model.codec_model)
        self._depth = self._model.depth_decoder.generate
        self._own: tuple[str, list[Frame]] | None = None
        """What was said first in this request, where there is no recording to go on from."""

    @property
    def watched(self) -> list[Any]:
        return [self._model.depth_decoder, *self._model.backbone_model.layers]

    def begin(self, request: EngineRequest) -> None:
        self._own = None

    def layout(self) -> Layout:
        return CsmLayout(self._model.config.codebook_eos_token_id)

    def decoder(self, seed: int | None) -> Decoder:
        return MimiStream(self._parts)

    def generate(
        self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, streamer: FrameStreamer
    ) -> None:
        sampler = Sampler(
            generator_of(self.device, seed), settings.get("temperature", 0.9), top_k=int(settings.get("top_k", 50))
        )
        choice: dict[str, Any] = {
            "do_sample": False,
            "logits_processor": [CodeChoice(sampler, self._model.config.codec_config.codebook_size)],
        }
        self._prompting = list(request.references)
        self._model.depth_decoder.generate = partial(self._depth, **choice)
        try:
            frames = int(settings.get("max_frames", 125))
            self._run(text, request.references, streamer=streamer, max_new_tokens=frames, **choice)
        finally:
            self._prompting = []
            self._model.depth_decoder.generate = self._depth
        if not request.references and self._own is None and streamer.frames:
            self._own = text, streamer.frames

    def warm_up(self) -> None:
        streamer = FrameStreamer(self.layout(), self.decoder(0), lambda samples: None)
        self.generate("a", EngineRequest("a", "default"), {"max_frames": 2}, 0, streamer)
        self._own = None

    def _conversation(self, text: str, references: Collection[Reference]) -> list[dict[str, Any]]:
        conversation = super()._conversation(text, references)
        if self._own is None:
            return conversation
        said, frames = self._own
        # Only its length is looked at: the codes are there already.
        silence = np.zeros(round(len(frames) * self.rate / self._model.codec_model.config.frame_rate), np.float32)
        parts = [{"type": "text", "text": said}, {"type": "audio", "audio": silence}]
        return [{"role": "0", "content": parts}, *conversation]

    def _encoded(self, values: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        if self._own is None:
            return super()._encoded(values, *arguments, **options)
        import torch

        codes = torch.tensor(self._own[1], device=values.device).T[None]
        return type("Codes", (), {"audio_codes": codes})


FAMILY = StreamedCsm
