"""Entries for tests."""

from __future__ import annotations

from itertools import count
from typing import Any

from wyoming_openspeakers.history.entry import Entry

_NUMBERS = count()


def entry(**fields: Any) -> Entry:
    """An entry that is over, with an id of its own."""
    number = next(_NUMBERS)
    return Entry(**{"id": f"entry{number}", "kind": "live", "status": "complete", "created": float(number), **fields})
