"""Torch models that are heard while they still generate, in a thread of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from ..base import Audio, EngineRequest, Samples
from ..control import Cancelled
from .background import Background, Handover
from .engine import TorchEngine
from .family import Family
from .pieces import pieces
from .running import running


class Way(Protocol):
    """The way to whoever listens."""

    def put(self, item: Samples) -> None:
        """Send samples, as soon as there is room for them; raises Cancelled when nobody wants more."""

    def check(self) -> None:
        """Raise Cancelled when nobody wants more."""


class StreamingFamily(Family):
    """A model in memory that hands over sound while it generates."""

    @property
    @abstractmethod
    def watched(self) -> list[Any]:
        """Modules that look whether to go on before they run: often enough to stop soon, too seldom to cost."""

    def begin(self, request: EngineRequest) -> None:
        """Another request comes: what was kept between the pieces of the last one is not wanted any more."""

    @abstractmethod
    def say(self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, way: Way) -> None:
        """Say a piece of a request's text; `settings` are the model's parameters with those of the request."""


StreamingT = TypeVar("StreamingT", bound=StreamingFamily)


class StreamingTorchEngine(TorchEngine[StreamingT]):
    """Says the pieces of a text one after another in its background thread."""

    def __init__(self) -> None:
        super().__init__()
        self._background = Background()
        self._check: Callable[[], None] | None = None
        """What the running generation asks whether to go on."""

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        model, voice = self._asked(request)
        said = [piece for piece in pieces(request.text, model.longest) if any(map(str.isalnum, piece))]
        if request.cancel:
            raise Cancelled

        def work(handover: Handover[Samples]) -> None:
            self._say(model, said, request, handover)

        for samples in self._background.stream(work, request.cancel):
            if samples.size:
                yield Audio(samples, voice.rate)

    def unload(self) -> None:
        super().unload()
        self._background.close()

    def _let_rest(self, model: StreamingT) -> None:
        # Graphs go where they were made.
        self._background.call(model.rest)

    def _make_ready(self, model: StreamingT) -> None:
        for module in model.watched:
            module.register_forward_pre_hook(self._look)
        self._background.call(partial(self._warm_up, model))

    def _warm_up(self, model: StreamingT) -> None:
        with running(self._threads):
            model.warm_up()

    def _say(self, model: StreamingT, said: list[str], request: EngineRequest, way: Way) -> None:
        settings = {**self._spec.parameters, **request.parameters}
        self._check = way.check
        try:
            with running(self._threads if request.share.is_whole else 1):
                model.begin(request)
                for number, piece in enumerate(said):
                    model.say(piece, request, settings, self._seed(request, number), way)
        finally:
            self._check = None

    def _look(self, module: Any, arguments: Any) -> None:
        if self._check is not None:
            self._check()
