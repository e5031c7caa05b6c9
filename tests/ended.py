"""Ends what a model does in its midst, as a listener who leaves does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from wyoming_openspeakers.engines.base import Engine, EngineRequest
from wyoming_openspeakers.engines.control import Cancelled


class _EndedError(Exception):
    pass


@contextmanager
def ended_at(call: int, *gates: Any) -> Iterator[None]:
    """What is done in here ends at such a call of these modules, and not later."""
    calls: list[int] = []

    def look(*_: Any) -> None:
        calls.append(1)
        if len(calls) == call:
            raise _EndedError

    handles = [gate.register_forward_pre_hook(look) for gate in gates]
    with pytest.raises(_EndedError):
        yield
    assert len(calls) == call
    for handle in handles:
        handle.remove()


def stopped_after(engine: Engine, request: EngineRequest) -> float:
    """How many seconds an engine that was already speaking goes on after a request was cancelled."""
    stopped: list[float] = []

    def speak() -> None:
        try:
            for _ in engine.stream(request):
                pass
        except Cancelled:
            stopped.append(time.monotonic())

    speaker = threading.Thread(target=speak)
    speaker.start()
    time.sleep(0.1)
    cancelled = time.monotonic()
    request.cancel.set()
    speaker.join(10)
    assert stopped
    return stopped[0] - cancelled
