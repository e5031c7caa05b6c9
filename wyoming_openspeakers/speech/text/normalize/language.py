"""What the rules need to know about a language beyond what CLDR (babel, unicode-rbnf) knows."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

Cardinal = Callable[[int, str], str]
"""Words for a whole number in a form such as `feminine`."""

Clock = Callable[[int, int, str, Cardinal], str]
"""Words for a time of day from hour, minute and, where one was written, `am` or `pm`."""


def clock_in_digits(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    """Read a time as two numbers: what is understood in any language."""
    return f"{cardinal(hour, '')} {cardinal(minute, '')}" if minute else cardinal(hour, "")


@dataclass(frozen=True)
class Currency:
    """The name of a currency and of its hundredth."""

    one: str
    other: str
    cent: str = ""
    """The hundredth's name for one of it; empty when there is none."""
    cents: str = ""
    form: str = ""
    """Form of the number before the name: `masculine`, `feminine`."""
    cent_form: str = ""


@dataclass(frozen=True)
class Language:
    """Data of one language. A language with no data file of its own gets these defaults."""

    code: str = ""

    cardinals: Mapping[str, str] = field(default_factory=dict)
    """Name of the rbnf rule set per form; the form `""` is a number that stands alone."""
    ordinals: Mapping[str, str] = field(default_factory=dict)
    year: str = ""
    """Rule set for years, where they are not read as plain numbers."""
    corrections: tuple[tuple[str, str], ...] = ()
    """Replacements in what rbnf returns, where it is wrong or unfit for speech."""
    decimal_words: Mapping[str, str] = field(default_factory=dict)
    """How the decimal sign is spoken, per sign."""
    decimals_as_number: bool = False
    """Decimals are read as a number (trois virgule quatorze) and not digit by digit."""
    groups_with_space: bool = False
    """An ordinary space groups digits: 1 250."""
    before_noun: tuple[tuple[str, str], ...] = ()
    """Form of a number by a pattern for the text behind it; the first that matches counts."""
    cases: tuple[tuple[str, str], ...] = ()
    """Patterns for the words that put a lone one into a case, and how the name of its form then ends."""
    after_million: str = ""
    """Word between millions and what is counted: un millón de euros."""
    elides: bool = False
    """That word loses its vowel before another: millions d’euros."""
    minus: str = ""
    plus: str = ""
    to: str = ""
    """Between the ends of a range."""
    to_days: str = ""
    """Pattern for the words between two weekdays, where there are others than `to`."""
    score: str = ""
    """Between the sides of a score, 3:1."""
    point: str = ""
    """Between the parts of a version."""
    dot: str = ""
    """Between the parts of an address."""
    octets_by_digit: bool = False
    """Parts of an address are read digit by digit."""
    out_of: str = ""
    """8/10 where it is no fraction."""
    fractions: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Name of one half, third, quarter... and of several."""
    halves: tuple[tuple[str, str], ...] = ()
    """How one half of something is said, by a pattern for its name: half an {0}."""
    wholes_and_half: tuple[tuple[str, str, str], ...] = ()
    """How something and a half is said where the half stands behind the noun, by a pattern for it: {0} {1} y media;
    and the form of the number."""
    and_half: str = ""
    """Pattern for one half on top of a whole number, {0} and a half."""
    and_fraction: str = ""
    """Pattern for a whole number and another fraction."""
    ordinal_marks: tuple[tuple[str, str], ...] = ()
    """Written endings of ordinals (patterns) and the form that they ask for."""
    ordinal_words: tuple[tuple[str, str], ...] = ()
    """Where a full stop marks an ordinal: patterns for the words before it, and the form that they ask for."""
    decades: bool = False
    """the 1990s, the 90s"""
    year_after: str = ""
    """Pattern for the words after which four digits are a year."""
    code_after: str = ""
    """Pattern for the words after which digits are read one by one."""
    phones: str = ""
    """Pattern for telephone numbers in groups that nothing else tells from a number."""
    version_after: str = ""
    """Pattern for the words after which 2026.11 is a version."""
    number_signs: str = ""
    """Pattern for the abbreviations of `number` before a digit."""
    number_word: str = ""
    roman_after: str = ""
    """Pattern for the words after which a Roman numeral is a number: chapter, part."""
    roman_names: str = ""
    """Pattern for the names after which a Roman numeral ranks a ruler."""
    roman_form: str = ""
    """Form of the ruler's number: a key of `ordinals`, or empty for a cardinal."""
    roman_article: str = ""
    """Word before a ruler's number: the second."""
    roman_stop: str = ""
    """Pattern for a full stop that belongs to a ruler's number."""
    roman_mark: str = ""
    """Pattern for what makes a Roman numeral an ordinal: XXIe."""
    roman_ordinals_to: int = 50
    """Higher numbers of rulers are read as cardinals."""

    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Names (one, several) where CLDR has none, or one that nobody says."""
    feminine_units: str = ""
    """Pattern that finds the feminine ones among the first words of the units' names."""
    masculine_form: str = ""
    """Form of a number before a unit that is not feminine."""
    feminine_form: str = ""
    per: str = ""
    before_unit: str = ""
    """Pattern for the words after which a unit without a number is one of it: a kWh."""
    feet_and_inches: str = ""
    """How 5'11" is said; empty when they are not used."""
    inch: str = ""
    """Pattern for what may follow the symbol `in` of a unit; empty when `in` is no unit."""
    currencies: Mapping[str, Currency] = field(default_factory=dict)
    """By ISO code."""
    and_cents: str = ""
    """Between the whole amount and the hundredths."""
    says_cents: bool = True
    """Names the hundredths after a whole amount."""
    millions: Mapping[str, str] = field(default_factory=dict)
    """Words and abbreviations between an amount and its currency, and how they are spoken."""
    million_form: str = ""
    """Form of the number before a word for millions."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """Symbols of units that only this language uses, with the unit's name."""

    clock: Clock = clock_in_digits
    hour_marks: str = ""
    """Pattern for words and signs behind a clock time that its reading includes: Uhr."""
    bare_hour_marks: str = ""
    """Pattern for those that make a lone number a time of day: 7 Uhr, 7 h."""
    hour_form: str = ""
    """Form of a number of hours."""
    half_day: str = "[AaPp]\\.? ?[Mm]"
    """Pattern for the signs of morning and afternoon, without a last full stop."""
    hour_letter: bool = False
    """7h30 is a time."""
    dotted_clock: bool = False
    """19.30 is a time when an hour mark follows."""
    at: str = ""
    """Between a date and a time."""
    duration_and: str = ""
    month_first: bool = False
    """3/4 is in March."""
    month_before_day: bool = False
    """Nov 21 is written, as well as 21 Nov."""
    day_article: str = ""
    """Word before the day that `day_month` brings along: the."""
    date: str = ""
    """Pattern of day and month."""
    date_with_year: str = ""
    day_month: str = ""
    """Pattern where the day is written before the month, if that differs from `date`."""
    ordinal_days: bool = False
    first_day: str = ""
    """The first of a month, where only that one is an ordinal."""
    date_after: str = ""
    """Pattern for the words after which 12/14 is a date."""
    before_year: str = " "
    """Between a month and its year, where the day is written first."""
    day_form: str = ""
    """Form of an ordinal day where nothing before it asks for another."""
    day_forms: tuple[tuple[str, str], ...] = ()
    """Form of an ordinal day by a pattern for the text before it."""
    month_names: Mapping[str, int] = field(default_factory=dict)
    """Spellings of months beyond CLDR's."""
    of: str = ""
    """Pattern between day and month or month and year: of, de."""

    abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Case counts; a key that ends in a full stop swallows it."""
    suffixes: Mapping[str, str] = field(default_factory=dict)
    """Abbreviated ends of words."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Abbreviations that count only before a capital letter: Dr. Smith."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Spoken names of signs: & @ + = × ÷ < > ≤ ≥ ~ ± ≈ → § ."""

    regions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields that differ per region; `*` for all regions that are not named."""


_DECIMAL_SIGNS = {
    "bg": "запетая", "cs": "celá", "da": "komma", "el": "κόμμα", "et": "koma", "fi": "pilkku", "hr": "zarez",
    "hu": "egész", "nb": "komma", "no": "komma", "pl": "przecinek", "ro": "virgulă", "ru": "запятая",
    "sk": "celá", "sl": "vejica", "tr": "virgül", "uk": "кома",
}  # fmt: skip
"""What unicode-rbnf has no word for, in languages that have no data file."""


@lru_cache(maxsize=32)
def language_data(language: str, region: str) -> Language:
    """Data for a language, as spoken in a region."""
    if not (language.isascii() and language.isalpha()):
        return Language()
    try:
        module = importlib.import_module(f"{__package__}.languages.{language}")
    except ModuleNotFoundError:
        sign = _DECIMAL_SIGNS.get(language)
        return Language(code=language, decimal_words={"": sign} if sign else {})
    data: Language = module.LANGUAGE
    return replace(data, **data.regions.get(region, data.regions.get("*", {}) if region else {}))
