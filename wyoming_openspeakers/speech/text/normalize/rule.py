"""A rule: a pattern, and what to say for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is read differently from how it is written."""

    pattern: re.Pattern[str]
    speak: Callable[[re.Match[str]], str | None]
    """Returns what to say, or None to leave the text alone."""

    needs: frozenset[str]
    """Characters of which a text must have at least one, or the rule is passed over; no condition when empty."""

    def apply(self, text: str) -> str:
        """Speak every match in a text."""
        return self.pattern.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        spoken = self.speak(match)
        return match[0] if spoken is None else spoken


def rule(pattern: str, speak: Callable[[re.Match[str]], str | None], needs: str = DIGITS) -> Rule:
    """Make a rule."""
    return Rule(re.compile(pattern), speak, frozenset(needs))
