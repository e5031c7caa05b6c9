"""What a language model that says codes has to know to speak; each is a module of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ..base import EngineRequest
from ..torch.streaming import StreamingFamily, Way
from .frames import Decoder, FrameStreamer, Layout


class CodecFamily(StreamingFamily):
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

    def say(self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, way: Way) -> None:
        streamer = FrameStreamer(self.layout(), self.decoder(seed), way.put, way.check)
        self.generate(text, request, settings, seed, streamer)
