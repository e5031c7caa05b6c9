"""Words for whole numbers, from unicode-rbnf."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from unicode_rbnf import RbnfEngine
from unicode_rbnf.engine import RbnfError

from .language import Language

LONGEST = 15
"""Digits of the largest number that is read as one; what is longer is read digit by digit."""


class NumberWords:
    """Cardinals, ordinals, years and digits in one language."""

    def __init__(self, engine: RbnfEngine, language: Language) -> None:
        self._engine = engine
        self._language = language
        self._plain = language.cardinals.get("") or _plain_ruleset(engine)
        self.cardinal = lru_cache(maxsize=4096)(self._cardinal)
        self.ordinal = lru_cache(maxsize=512)(self._ordinal)
        self.year = lru_cache(maxsize=512)(self._year)
        self._digit = {str(digit): self.cardinal(digit) for digit in range(10)}

    def _cardinal(self, number: int, form: str = "") -> str:
        return self._format(number, self._language.cardinals.get(form, self._plain))

    def _ordinal(self, number: int, form: str = "") -> str:
        return self._format(number, self._language.ordinals[form])

    def _year(self, number: int) -> str:
        return self._format(number, self._language.year or self._plain)

    def signed(self, number: int | Decimal) -> str:
        """Read a number that is negative or not whole, as unicode-rbnf does; empty when it cannot."""
        try:
            return self._format(number, self._plain)
        except (RbnfError, ValueError):
            return ""

    def digits(self, digits: str) -> str:
        """Read digits one by one."""
        return " ".join(map(self._digit.__getitem__, digits))

    def whole(self, digits: str, form: str = "") -> str:
        """Read digits as a number, or one by one when that is how people read them."""
        if len(digits) > LONGEST or (digits[0] == "0" and len(digits) > 1):
            return self.digits(digits)
        return self.cardinal(int(digits), form)

    def _format(self, number: int | Decimal, ruleset: str) -> str:
        text = "".join(self._engine.iter_format_number(number, ruleset)).replace("\xad", "")
        for wrong, right in self._language.corrections:
            text = text.replace(wrong, right)
        return text


def number_words(language: Language, region: str) -> NumberWords | None:
    """Words for numbers in a language, or None when unicode-rbnf does not know it."""
    code = {"nb": "no", "tl": "fil", "iw": "he"}.get(language.code, language.code)
    known = RbnfEngine.get_supported_languages()
    name = next((name for name in (f"{code}_{region}", code) if name in known), None)
    if name is None:
        return None
    try:
        return NumberWords(RbnfEngine.for_language(name), language)
    except (RbnfError, ValueError, StopIteration):
        return None


def _plain_ruleset(engine: RbnfEngine) -> str:
    public = [name for name, rules in engine.rulesets.items() if not rules.is_private]
    if "spellout-numbering" in public:
        return "spellout-numbering"
    return next(name for name in public if name.startswith("spellout-cardinal"))
