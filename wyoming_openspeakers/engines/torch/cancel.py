"""Ends a torch model's run between two of its layers when the request is cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..control import CancelFlag, Cancelled

if TYPE_CHECKING:
    from torch import nn


class CancellableModules:
    """Modules that look at a flag whenever one of them, or anything in them, is called."""

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._flag: CancelFlag | None = None
        for outer in modules:
            for module in outer.modules():
                module.register_forward_pre_hook(self._before)

    def _before(self, module: nn.Module, arguments: Any) -> None:
        if self._flag:
            raise Cancelled

    @contextmanager
    def watching(self, flag: CancelFlag) -> Iterator[None]:
        """Raise Cancelled inside the modules as soon as the flag is set."""
        if flag:
            raise Cancelled
        self._flag = flag
        try:
            yield
        finally:
            self._flag = None
