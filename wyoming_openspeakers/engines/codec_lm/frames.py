"""Makes sound of a language model's tokens while more of them come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..base import Samples
from .pace import Pace

if TYPE_CHECKING:
    import torch

Frame = list[int]
"""The codes of the shortest piece of sound, in the order that the codec wants them in."""


class Layout(ABC):
    """How the codes of frames lie in what the model says. A new one for each piece of text."""

    is_over = False
    """The model has said that it is done."""

    @abstractmethod
    def take(self, tokens: torch.Tensor) -> Frame | None:
        """The frame that is whole with what the model said in this step."""


class Decoder(Protocol):
    """A codec that is given the frames of one piece of text in order."""

    ahead: int
    """Frames that it wants to know besides those that it makes sound of."""

    seconds: float
    """How long a frame plays."""

    def push(self, frames: list[Frame]) -> Samples:
        """The sound that is known with these frames."""

    def finish(self, frames: list[Frame]) -> Samples:
        """The rest of the sound, with the last frames."""


class FrameStreamer:
    """What `generate` puts its tokens into: a streamer of the transformers library."""

    def __init__(
        self,
        layout: Layout,
        decoder: Decoder,
        emit: Callable[[Samples], None],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Take `check` for what raises Cancelled when nobody wants more."""
        self._layout = layout
        self._decoder = decoder
        self._emit = emit
        self._check = check
        self._has_prompt = False
        self._waiting: list[Frame] = []
        self._pace = Pace(decoder.seconds)
        self._wanted = self._pace.size(0, 0) + decoder.ahead
        self.frames: list[Frame] = []
        """All frames so far."""

    @property
    def is_over(self) -> bool:
        """Whether the model has said that it is done."""
        return self._layout.is_over

    def put(self, tokens: torch.Tensor) -> None:
        """Take what the model said in a step; the first that comes is its prompt."""
        self._check()
        if not self._has_prompt:
            self._has_prompt = True
            return
        frame = None if self._layout.is_over else self._layout.take(tokens)
        if frame is None:
            return
        self.frames.append(frame)
        self._waiting.append(frame)
        if len(self._waiting) >= self._wanted:
            waiting, self._waiting = self._waiting, []
            samples = self._decoder.push(waiting)
            made = len(self.frames)
            self._wanted = self._pace.size(made, made - self._decoder.ahead)
            self._emit(samples)

    def end(self) -> None:
        """Make sound of what is left."""
        self._check()
        waiting, self._waiting = self._waiting, []
        self._emit(self._decoder.finish(waiting))
