"""Marks of Markdown inside a line: code, emphasis and the backslash."""

from __future__ import annotations

import re

from .link import Inline

_CODE_CAP = 500
_RUN_CAP = 64

_TICKS = re.compile("`+")
_RUN = re.compile(r"([*_~])\1*")


def read_code(buffer: str, start: int, final: bool) -> Inline | None:
    """Read a code span; None when it is not complete. Backticks without a partner are dropped."""
    ticks = _TICKS.match(buffer, start, start + _RUN_CAP)
    assert ticks
    end = start + _CODE_CAP
    if ticks.end() == len(buffer) and not final and ticks.end() - start < _RUN_CAP:
        return None
    newline = buffer.find("\n", ticks.end(), end)
    limit = newline if newline >= 0 else min(len(buffer), end)
    close = re.compile(rf"(?<!`){ticks.group()}(?!`)").search(buffer, ticks.end(), limit)
    may_go_on = close is None or close.end() == len(buffer)
    if may_go_on and not final and newline < 0 and len(buffer) < end:
        return None
    return Inline(close.end(), buffer[ticks.end() : close.start()]) if close else Inline(ticks.end())


def read_emphasis(buffer: str, start: int, final: bool) -> Inline | None:
    """Drop marks that hang on a word; keep those that stand alone, as in `2 * 3`, or inside a word, as in `a_b`.

    Looks at both sides of the marks only, never for a partner: that may be in another sentence.
    """
    run = _RUN.match(buffer, start, start + _RUN_CAP)
    assert run
    end, count = run.end(), run.end() - start
    if end == len(buffer) and not final and count < _RUN_CAP:
        return None
    before, after = buffer[start - 1], buffer[end] if end < len(buffer) else "\n"
    alone = before.isspace() and after.isspace() and count < 3
    inside = (before.isalnum() or before == ")") and (after.isalnum() or after == "(")
    if buffer[start] == "~":
        keeps = count == 1
    elif buffer[start] == "_":
        keeps = alone or inside
    else:
        keeps = alone or (inside and (count == 1 or (before.isdigit() and after.isdigit())))
    return Inline(end, run.group() if keeps else "")


def read_escape(buffer: str, start: int, final: bool) -> Inline | None:
    """Read a backslash and the sign that it takes the meaning from."""
    if start + 1 == len(buffer):
        return Inline(start) if final else None
    escaped = buffer[start + 1]
    if escaped.isascii() and not escaped.isalnum() and not escaped.isspace():
        return Inline(start + 2, escaped)
    return Inline(start)
