"""Years and decades: in 1999, the 1990s, the 90s."""

from __future__ import annotations

import re

from .rule import Rule, rule
from .speech import Speech

_YEAR = "(?:1[1-9]|20)[0-9]{2}"


def decades(speech: Speech) -> list[Rule]:
    """Rules for decades; they go before units, which would take the s for seconds."""

    def decade(match: re.Match[str]) -> str:
        words = speech.words.year(int(match["decade"]))
        plural = f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
        return f"the {plural}" if match["the"].startswith("the") else plural

    if not speech.language.decades:
        return []
    return [
        rule(r"(?P<the>)(?<![\w$€£.,:/-])(?P<decade>(?:1[1-9]|20)[0-9]0)[’']?s(?!\w)", decade),
        rule(r"(?P<the>\bthe [’']?|(?<!\w)[’'])(?P<decade>[2-9]0)s(?!\w)", decade),
    ]


def rules(speech: Speech) -> list[Rule]:
    """Rules for years, where words tell that a number is one."""
    before = speech.language.year_after
    if not before:
        return []
    pattern = rf"(?P<before>\b(?:{before}) )(?P<year>{_YEAR})(?![\w%°]|[.,:/-][0-9])"
    return [rule(pattern, lambda match: match["before"] + speech.words.year(int(match["year"])))]
