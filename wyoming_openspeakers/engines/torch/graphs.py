"""Captures what a step does on a GPU once, and has it done again at once instead of piece by piece."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_LOGGER = logging.getLogger(__name__)

Work = Callable[[], None]
Capture = Callable[[Work], Work]
"""Makes of work something that does the same again, with what is then at the same addresses."""


class Graphs:
    """Work by name: captured when it is first done, and done as it is where it cannot be captured.

    The work reads and writes tensors that stay where they are, and may be done twice. Where one of them moves, `drop`
    everything: a graph knows addresses and no names.
    """

    def __init__(self, capture: Capture | None) -> None:
        self._capture = capture
        self._captured: dict[Hashable, Work] = {}

    @property
    def are_used(self) -> bool:
        """Whether work is captured here."""
        return self._capture is not None

    def run(self, name: Hashable, work: Work) -> None:
        """Do work; all work of one name is the same."""
        again = self._captured.get(name)
        if again is None and self._capture is not None:
            again = self._try_to_capture(name, self._capture, work)
        (again or work)()

    def drop(self) -> None:
        """Forget what was captured, and give back its memory."""
        self._captured.clear()

    def _try_to_capture(self, name: Hashable, capture: Capture, work: Work) -> Work | None:
        try:
            again = self._captured[name] = capture(work)
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            _LOGGER.warning("CUDA graphs do not work here (%s); speaking goes on without, but slower", reason)
            self._capture = None
            self.drop()
            return None
        return again


def capture_on(device: torch.device) -> Capture | None:
    """How work is captured on a device, or None where it is not."""
    if device.type != "cuda":
        return None
    import torch

    side = _side(device)

    def capture(work: Work) -> Work:
        # What libraries do at their first call cannot be captured.
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            work()
        torch.cuda.current_stream(device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Other models of this process may use the device meanwhile, in their own threads.
        with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
            work()
        replay: Work = graph.replay
        return replay

    return capture


@cache
def _side(device: torch.device) -> torch.cuda.Stream:
    """The stream of all captures: each that a matrix is multiplied on keeps memory for that."""
    import torch

    return torch.cuda.Stream(device)
