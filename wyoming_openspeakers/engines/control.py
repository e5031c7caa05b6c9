"""What is said to an engine while it works: that nobody wants the audio any more, how much of the machine is its."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Cancelled(Exception):
    """Raised inside an engine when its request was cancelled."""


class CancelFlag:
    """Set from another thread when a request is no longer wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._callbacks: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        return self._is_set

    def set(self) -> None:
        """Set the flag and tell everyone who asked to be told."""
        with self._lock:
            self._is_set = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_set(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when the flag is set, at once if it is; returns what takes that back.

        For native code that can be interrupted from outside, such as onnxruntime's `RunOptions.terminate`.
        """
        with self._lock:
            if not self._is_set:
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)


class Share:
    """How much of the machine the next step of a request may use; set anew before each step."""

    def __init__(self) -> None:
        self.is_whole = True
        """All cores; otherwise one, because other requests run beside it."""
