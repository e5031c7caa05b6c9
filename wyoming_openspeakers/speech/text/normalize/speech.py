"""What all rules share: a language's data and words, and the reading of a written number."""

from __future__ import annotations

import re

from babel import Locale

from .language import Language
from .notation import Written, number_pattern, parse
from .words import NumberWords

_ONE = Written("1")
_LONGEST_BEFORE_CASE = 16
_VOWELS = "aeiouhéàâêAEIOUHÉ"


class Speech:
    """One language as the rules see it."""

    def __init__(self, language: Language, locale: Locale, words: NumberWords, decimal_sign: str) -> None:
        self.language = language
        self.locale = locale
        self.words = words
        self.decimal_sign = decimal_sign
        self.number = number_pattern(language.groups_with_space)
        spoken = language.decimal_words
        self._decimal_word = spoken.get(decimal_sign) or next(iter(spoken.values()), "")
        self._before_noun = [(re.compile(pattern), form) for pattern, form in language.before_noun]
        self._cases = [(re.compile(rf"(?<!\w)(?:{pattern})[\xa0 ]\Z"), case) for pattern, case in language.cases]
        self._million = re.compile("(?:illion(?:en|s)?|illiarden?|illards?|illón|illones)$")

    def parse(self, text: str) -> Written | None:
        """Take apart a number as this language writes it."""
        return parse(text, self.decimal_sign)

    def number_words(self, number: Written, form: str = "") -> str | None:
        """Words for a number, without its sign; None when this language has no word for the decimal sign."""
        if not number.decimals:
            return self.words.whole(number.whole, form)
        if not self._decimal_word:
            return None
        whole = self.words.whole(number.whole)
        return f"{whole} {self._decimal_word} {self._decimals(number.decimals)}"

    def sign_word(self, sign: str | None) -> str | None:
        """The word for a sign with a space behind it; None when this language has none."""
        if not sign:
            return ""
        word = self.language.plus if sign == "+" else self.language.minus
        return f"{word} " if word else None

    def form_before(self, text: str, end: int) -> str:
        """Form of a number that ends here, by the noun behind it."""
        for pattern, form in self._before_noun:
            if pattern.match(text, end):
                return form
        return ""

    def case(self, form: str, number: Written, text: str, start: int) -> str:
        """Form of a number that starts here, by the word before it: `in 1 Stunde` is in *einer* hour."""
        if number != _ONE:
            return form
        before = text[max(0, start - _LONGEST_BEFORE_CASE) : start]
        cases = (f"{form} {case}" for pattern, case in self._cases if pattern.search(before))
        return next((case for case in cases if case in self.language.cardinals), form)

    def counted(self, words: str, noun: str) -> str:
        """Put a number's words before what is counted."""
        link = self.language.after_million
        if not link or not self._million.search(words):
            return f"{words} {noun}"
        return (
            f"{words} {link[:-1]}’{noun}" if self.language.elides and noun[0] in _VOWELS else f"{words} {link} {noun}"
        )

    def _decimals(self, digits: str) -> str:
        significant = digits.lstrip("0")
        if not self.language.decimals_as_number or len(significant) > 3 or not significant:
            return self.words.digits(digits)
        zeros = self.words.digits("0" * (len(digits) - len(significant)))
        return f"{zeros} {self.words.whole(significant)}".lstrip()
