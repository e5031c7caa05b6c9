"""Ends what goes through layers between two of them, as a listener who leaves does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


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
