"""How numbers are written: what in a text is one number, and which are its whole and its decimal digits."""

from __future__ import annotations

import re
from dataclasses import dataclass

SPACES = "\xa0\u202f\u2009"
SEPARATORS = f".,'’{SPACES}"
_SEPARATOR = re.compile(f"[{SEPARATORS} ]")

# The possessive quantifiers keep every pattern built from these linear: a number is taken whole or not at all.
_JOINED = f"[0-9]++(?:[{SEPARATORS}][0-9]++)*+"
_SPACED = "[1-9][0-9]{0,2}(?: [0-9]{3}){1,4}+(?:,[0-9]++)?+(?![0-9]| [0-9]{3}(?![0-9]))"

START = f"(?<!\\w)(?<![0-9][{SEPARATORS}])"
"""Before a number: not inside a word or inside another number."""

SIGN = "(?:(?<![\\w)\\].,%°/²³+−–-])(?P<sign>[+−–-]))?"
"""Before a number that may be signed; a dash behind a word or a number is no minus."""

DASH = f"(?:[{SPACES} ]?[-–—‐‑][{SPACES} ]?)"

GAP = f"[{SPACES} ]?"


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it was written."""

    whole: str
    decimals: str = ""

    def value(self) -> int | float:
        """Approximate value, to choose between singular and plural."""
        whole = int(self.whole[-15:])
        return float(f"{whole}.{self.decimals[:6]}") if self.decimals else whole


def number_pattern(groups_with_space: bool) -> str:
    """Pattern that matches a whole number with its separators."""
    return f"(?:{_SPACED}|{_JOINED})" if groups_with_space else _JOINED


def parse(text: str, decimal_sign: str) -> Written | None:
    """Take a written number apart; None for what is no number, such as 2.5.1."""
    if text.isdigit():
        return Written(text)
    parts = _SEPARATOR.split(text)
    signs = _SEPARATOR.findall(text)
    grouped = 0 < len(parts[0]) <= 3 and parts[0][0] != "0" and all(len(part) == 3 for part in parts[1:-1])
    if len(signs) == 1:
        if signs[0] not in ".," or (len(parts[1]) == 3 and grouped and signs[0] != decimal_sign):
            return Written("".join(parts)) if grouped and len(parts[1]) == 3 else None
        return Written(parts[0], parts[1])
    if not grouped or len(set(signs[:-1])) != 1:
        return None
    if signs[-1] == signs[0]:
        return Written("".join(parts)) if len(parts[-1]) == 3 else None
    return Written("".join(parts[:-1]), parts[-1]) if signs[-1] in ".," else None
