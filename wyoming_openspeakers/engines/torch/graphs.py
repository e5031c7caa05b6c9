"""Captures what a step does on a GPU once, and has it done again at once instead of piece by piece."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    import torch

_LOGGER = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[], Any]
Capture = Callable[[Work], Work]
"""Makes of work something that does the same again, with what is then at the same addresses."""

CAPTURING = threading.Lock()
"""Held during a capture: what waits for all of a device, or gives its memory back, would spoil it."""


class Graphs:
    """Work by name: done as it is the first time, captured the second, and from then on done by what was captured.

    Each run does the work once, so that it may change what it reads. What it reads and writes, but for what it makes
    itself, stays where it is: a graph knows addresses and no names. Where something moves, `drop` everything.
    """

    def __init__(self, capture: Capture | None) -> None:
        self._capture = capture
        self._done: set[Hashable] = set()
        """What libraries do, and what is made to stay, when work is first done cannot be captured."""
        self._captured: dict[Hashable, Work] = {}

    @property
    def are_used(self) -> bool:
        """Whether work is captured here."""
        return self._capture is not None

    def run(self, name: Hashable, work: Callable[[], Result]) -> Result:
        """What work makes, good until the next run; all work of one name is the same."""
        if self._capture is not None:
            if name in self._done and name not in self._captured:
                self._try_to_capture(name, self._capture, work)
            self._done.add(name)
        made: Result = self._captured.get(name, work)()
        return made

    def drop(self) -> None:
        """Forget what was captured, and give back its memory."""
        self._captured.clear()
        self._done.clear()

    def _try_to_capture(self, name: Hashable, capture: Capture, work: Work) -> None:
        try:
            self._captured[name] = capture(work)
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            _LOGGER.warning("CUDA graphs do not work here (%s); speaking goes on without, but slower", reason)
            self._capture = None
            self.drop()


def capture_on(device: torch.device) -> Capture | None:
    """How work is captured on a device, or None where it is not. Nothing that is captured may draw by chance."""
    if device.type != "cuda":
        return None
    made_so_far: WeakSet[Any] = WeakSet()

    def capture(work: Work) -> Work:
        import torch

        # A capture that cannot be ended leaves the thread on its stream: the outer context brings it back.
        with CAPTURING, torch.cuda.stream(_side(device)):
            # They are done one after the other, and can share their memory.
            pool = next((other.pool() for other in made_so_far), None)
            graph = torch.cuda.CUDAGraph()
            # Other models of this process may use the device meanwhile, in their own threads.
            with torch.cuda.graph(graph, pool, _side(device), capture_error_mode="thread_local"):
                made = work()
        made_so_far.add(graph)

        def again() -> Any:
            graph.replay()
            return made

        return again

    return capture


@cache
def _side(device: torch.device) -> torch.cuda.Stream:
    """The stream of all captures: each that a matrix is multiplied on keeps memory for that."""
    import torch

    return torch.cuda.Stream(device)
