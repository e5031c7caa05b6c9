"""Ids of entries and batches, as they stand in paths."""

from __future__ import annotations

from typing import Any

from ....errors import NotFound
from ..api import Call

_LONGEST = 64


def id_of(call: Call[Any, Any]) -> str:
    """The id that a path names; what cannot be one is not looked for, and is told the same as any other."""
    id = call.path["id"]
    if len(id) > _LONGEST or not (id.isascii() and id.replace("-", "").isalnum()):
        raise NotFound(f"There is nothing with the id {id[:_LONGEST]!r}")
    return id
