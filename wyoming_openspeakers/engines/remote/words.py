"""What a server says in an error, fit to be shown: one short line, and never a key."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 200


def message_of(tree: Any) -> str:
    """The message in an error's JSON, wherever this kind of server puts it; empty where there is none."""
    if isinstance(tree, str):
        return line_of(tree)
    if isinstance(tree, list):
        return message_of(tree[0]) if tree else ""
    if isinstance(tree, dict):
        for name in ("error", "message", "detail", "msg", "text"):
            if tree.get(name) and (message := message_of(tree[name])):
                return message
    return ""


def message_in(body: bytes) -> str:
    """The message in the body of an answer; of one that is no JSON, what it begins with, unless that is a page."""
    text = body.decode("utf-8", "replace").strip()
    try:
        return message_of(json.loads(text))
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else line_of(text)


def line_of(text: str) -> str:
    """A text as one line that is not too long."""
    line = "".join(mark if mark.isprintable() else " " for mark in " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def without(secret: str, text: str) -> str:
    """A text without a key that a server may repeat."""
    return text.replace(secret, "***") if secret else text
