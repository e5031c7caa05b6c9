"""Runs what is the same for each frame as one graph, where the device can: thousands of launches become one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_LOGGER = logging.getLogger(__name__)


class Graphs:
    """Graphs by a key for all that is fixed in them; what they read and write must stay where it is in memory."""

    def __init__(self, device: torch.device) -> None:
        self._can_capture = device.type == "cuda"
        self._device = device
        self._seen: set[Hashable] = set()
        self._graphs: dict[Hashable, tuple[Any, torch.Tensor]] = {}

    def run(self, key: Hashable, work: Callable[[], torch.Tensor]) -> torch.Tensor:
        """What `work` makes, good until the next run."""
        if not self._can_capture:
            return work()
        if key not in self._seen:
            # What is made at the first run of all, and stays, must be there before.
            self._seen.add(key)
            return work()
        if key not in self._graphs and not self._capture(key, work):
            return work()
        graph, made = self._graphs[key]
        graph.replay()
        return made

    def forget(self) -> None:
        """Give back what the graphs have: something that they use moves."""
        self._graphs.clear()
        self._seen.clear()

    def _capture(self, key: Hashable, work: Callable[[], torch.Tensor]) -> bool:
        import torch

        # One after the other: they can share their memory.
        pool = next((graph.pool() for graph, _ in self._graphs.values()), None)
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.device(self._device), torch.cuda.graph(graph, pool, capture_error_mode="thread_local"):
                made = work()
        except RuntimeError as error:
            _LOGGER.warning("This device makes no graphs, and speaks more slowly: %s", error)
            self._can_capture = False
            return False
        self._graphs[key] = graph, made
        return True
