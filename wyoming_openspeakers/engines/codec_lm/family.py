"""What a language model that says codes has to know to speak; each is a module of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ..base import EngineRequest, Samples
from ..transformers.family import Family
from .frames import Decoder, FrameStreamer, Layout


class CodecFamily(Family):
    """A language model in memory with its codec. It has one speed."""

    is_fine_with_halves: ClassVar[bool] = True

    @abstractmethod
    def layout(self) -> Layout:
        """How frames lie in the tokens of a piece of text."""

    @abstractmethod
    def decoder(self, seed: int | None) -> Decoder:
        """The codec for a piece of text."""

    @abstractmethod
    def generate(
        self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, streamer: FrameStreamer
    ) -> None:
        """Say a piece of text in tokens."""

    @property
    @abstractmethod
    def watched(self) -> list[Any]:
        """Modules that look whether to go on before they run: often enough to stop soon, too seldom to cost."""

    def begin(self, request: EngineRequest) -> None:
        """Another request comes: what was kept between the pieces of the last one is not wanted any more."""

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        """The whole of a piece at once."""
        chunks: list[Samples] = [np.zeros(0, np.float32)]
        streamer = FrameStreamer(self.layout(), self.decoder(request.seed), chunks.append)
        self.generate(text, request, settings, request.seed, streamer)
        return np.concatenate(chunks)
