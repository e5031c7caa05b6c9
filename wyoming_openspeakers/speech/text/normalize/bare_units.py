"""Units without a number: cents per kWh, cents/kWh, the temperature in °C."""

from __future__ import annotations

import re

from .notation import Written
from .rule import Rule, rule
from .speech import Speech
from .units import DENOMINATORS, RATES, UNIT_OF, Units

_UNMISTAKABLE = "Wh kWh MWh GWh km/h °C °F ℃ ℉ m² m³ km² hPa mAh µg mg/m³ Mbps kbps Gbps".split()  # noqa: SIM905
"""What is a unit wherever it stands; `min` or `m` alone may be anything."""

_AFTER_A_WORD = "100km kWh MWh Wh km kg min m² m³ h".split()  # noqa: SIM905
"""What is a unit behind a word and a slash; `and/m` may be anything."""

_NEVER_ALONE = {"m", "s", "d", "g"}


def rules(speech: Speech, units: Units) -> list[Rule]:
    """Rules for units that no number brought along; they go behind those for numbers with units."""
    per = speech.language.per
    several, one = Written("5"), Written("1")

    def rate(match: re.Match[str]) -> str | None:
        spoken = units.rate("", match["per"].replace(" ", ""))
        return f" {spoken}" if spoken and match[0][0] == "/" else spoken

    def name(match: re.Match[str]) -> str | None:
        symbol, below = match["unit"], match["per"]
        found = units.name({**UNIT_OF, **RATES}[symbol], one if match["one"] else several)
        if found is None:
            return None
        spoken = (match["one"] or "") + found[0]
        if symbol in RATES:
            below = "s"
        if not below:
            return spoken
        tail = units.rate("", below)
        return f"{spoken} {tail}" if tail else None

    denominators = _any_of([symbol for symbol in DENOMINATORS if symbol not in _NEVER_ALONE])
    singular = f"(?P<one>\\b(?:{speech.language.before_unit}) )?" if speech.language.before_unit else "(?P<one>(?!))?"
    plain = [symbol for symbol in _UNMISTAKABLE if "/" not in symbol or symbol in UNIT_OF]
    found = [
        rule(
            rf"{singular}(?<![\w/°-])(?P<unit>{_any_of(plain)})"
            rf"(?:/(?P<per>{_any_of(DENOMINATORS)}))?(?![\w/²³°-])",
            name,
            "W°℃℉²³PAbµ/",
        )
    ]
    if per:
        found = [
            rule(rf"\b{per} (?P<per>100 km|{denominators})(?![\w/²³’'-])", rate, ""),
            rule(rf"(?<=[^\W\d_]{{3}})/(?P<per>{_any_of(_AFTER_A_WORD)})(?![\w/²³-])", rate, "/"),
            *found,
        ]
    return found


def _any_of(symbols: list[str]) -> str:
    return "|".join(sorted(map(re.escape, symbols), key=len, reverse=True))
