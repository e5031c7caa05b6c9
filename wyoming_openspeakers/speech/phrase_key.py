"""What a phrase is kept under in the cache."""

from __future__ import annotations

import hashlib
import json

_OWNER_DIGITS = 24


def phrase_key(owner: str = "", **fields: object) -> str:
    """What a phrase is kept under: a hash of all that its sound depends on, as JSON values.

    The keys of what is spoken in somebody's own voice begin alike, so that they are found when that is deleted.
    """
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    key = hashlib.sha256(canonical.encode()).hexdigest()
    return owner_prefix(owner) + key[_OWNER_DIGITS:] if owner else key


def owner_prefix(owner: str) -> str:
    """How the keys of somebody's phrases begin."""
    return hashlib.sha256(owner.encode()).hexdigest()[:_OWNER_DIGITS]
