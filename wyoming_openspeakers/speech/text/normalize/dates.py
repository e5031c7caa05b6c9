"""Dates: 2026-11-21, 21.11.2026, 11/21/2026, Nov 21, 3rd May, Mon-Fri."""

from __future__ import annotations

import re

from .notation import DASH, GAP
from .rule import Rule, rule
from .speech import Speech
from .times import spoken_clock
from .units import UNIT_OF

_YEAR = "(?:1[0-9]|20|21)[0-9]{2}"
_ALONE = r"(?<![\w/:-])(?<![0-9][.,])"


class Dates:
    """Dates in words."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self.months = dict(speech.locale.months["format"]["wide"])
        self.month_of = _month_spellings(speech, self.months)
        self._day_forms = [(re.compile(pattern), form) for pattern, form in speech.language.day_forms]

    def day(self, day: int, before: str) -> str:
        """A day of the month; how it ends can depend on the text before it."""
        language, words = self._speech.language, self._speech.words
        if day == 1 and language.first_day:
            return language.first_day
        if not language.ordinal_days:
            return words.cardinal(day)
        form = next((form for pattern, form in self._day_forms if pattern.search(before)), language.day_form)
        return words.ordinal(day, form)

    def date(self, day: int, month: int, year: int | None, before: str, pattern: str = "") -> str | None:
        """A whole date, or None when there is no such day."""
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        language = self._speech.language
        spoken_day, spoken_month = self.day(day, before), self.months[month]
        if pattern:
            text = pattern.format(day=spoken_day, month=spoken_month)
            joint = language.before_year
            return text if year is None else f"{text}{joint}{self._speech.words.year(year)}"
        if year is None:
            return language.date.format(day=spoken_day, month=spoken_month)
        spoken_year = self._speech.words.year(year)
        return language.date_with_year.format(day=spoken_day, month=spoken_month, year=spoken_year)


def rules(speech: Speech) -> list[Rule]:
    """Rules for dates; none for a language with no pattern for them."""
    language = speech.language
    if not language.date:
        return []
    dates = Dates(speech)
    names = "|".join(sorted(map(re.escape, dates.month_of), key=len, reverse=True))
    of = f"(?:(?:{language.of}) )?" if language.of else ""
    the = f"(?:{language.day_article})?" if language.day_article else ""
    symbols = "|".join(sorted(map(re.escape, UNIT_OF), key=len, reverse=True))

    def before(match: re.Match[str]) -> str:
        return match.string[max(0, match.start() - 20) : match.start()]

    def iso(match: re.Match[str]) -> str | None:
        date = dates.date(int(match["day"]), int(match["month"]), int(match["year"]), before(match))
        if date is None or not match["hour"]:
            return date
        return f"{date} {language.at} {spoken_clock(speech, int(match['hour']), int(match['minute']))}"

    def numeric(match: re.Match[str]) -> str | None:
        first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
        if len(match["year"]) == 2:
            if match["sign"] == "." and not language.dotted_clock:
                return None
            year += 2000 if year < 70 else 1900
        day, month = (second, first) if language.month_first and match["sign"] == "/" else (first, second)
        if month > 12:
            day, month = month, day
        return dates.date(day, month, year, before(match))

    def slashed(match: re.Match[str]) -> str | None:
        first, second = int(match["first"]), int(match["second"])
        day, month = (second, first) if language.month_first else (first, second)
        if month > 12:
            day, month = month, day
        date = dates.date(day, month, None, before(match))
        return date and match["before"] + date

    def dotted(match: re.Match[str]) -> str | None:
        date = dates.date(int(match["day"]), int(match["month"]), None, before(match))
        return f"{date}." if date and match.end() == len(match.string) else date

    def day_first(match: re.Match[str]) -> str | None:
        year = int(match["year"]) if match["year"] else None
        month = dates.month_of[match["month"]]
        pattern = language.day_month or language.date
        date = dates.date(int(match["day"]), month, year, before(match), pattern)
        if date is None:
            return None
        if match["from"]:
            start = dates.day(int(match["from"]), before(match))
            date = f"{language.day_article}{start} {language.to} {date}"
        return f"{date}." if match["dot"] and match.end("dot") == len(match.string) else date

    def month_first(match: re.Match[str]) -> str | None:
        year = int(match["year"]) if match["year"] else None
        date = dates.date(int(match["day"]), dates.month_of[match["month"]], None, before(match), "{month} {day}")
        if date and match["until"]:
            date = f"{date} {language.to} {dates.day(int(match['until']), '')}"
        return date if year is None or date is None else f"{date}, {speech.words.year(year)}"

    def month_and_year(match: re.Match[str]) -> str:
        return (
            f"{dates.months[dates.month_of[match['month']]]} {match['of'] or ''}{speech.words.year(int(match['year']))}"
        )

    time = (
        r"[T ](?P<hour>[0-2][0-9]):(?P<minute>[0-5][0-9])(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    )
    marks = "st|nd|rd|th|\\.|er|º|\\.º"
    found = [
        rule(rf"{_ALONE}(?P<year>{_YEAR})-(?P<month>[01][0-9])-(?P<day>[0-3][0-9])(?:{time})?(?![\w:-])", iso),
        rule(
            rf"{_ALONE}(?P<first>[0-3]?[0-9])(?P<sign>[./-])(?P<second>[0-3]?[0-9])(?P=sign)(?P<year>{_YEAR}|[0-9]{{2}})(?![\w/-]|[.,:][0-9])",
            numeric,
        ),
        rule(
            rf"{_ALONE}{the}(?:(?P<from>[0-3]?[0-9])(?:{marks})?{DASH})?(?P<day>[0-3]?[0-9])(?:{marks})?[\xa0 ]{of}"
            rf"(?P<month>{names})(?!\w)(?P<dot>\.?)(?:,?[\xa0 ]{of}(?P<year>{_YEAR})(?![\w%:]|[.,][0-9]))?",
            day_first,
        ),
    ]
    if language.month_before_day:
        found.append(
            rule(
                rf"(?<!\w)(?P<month>{names})\.? (?P<day>[0-3]?[0-9])"
                rf"(?:st|nd|rd|th)?(?:{DASH}(?P<until>[0-3]?[0-9])(?:st|nd|rd|th)?)?"
                rf"(?![\w%°]|[.,:/-][0-9]| ?(?:°|%|[ap]m\b))(?:,? (?P<year>{_YEAR})(?![\w:]|[.,][0-9]))?",
                month_first,
            )
        )
    if language.date_after:
        found.append(
            rule(
                rf"(?P<before>(?<!\w)(?:{language.date_after}|{_weekday_names(speech)})\.?,? )"
                r"(?P<first>[0-3]?[0-9])/(?P<second>[0-3]?[0-9])"
                rf"(?![\w%°/-]|[.,:][0-9]|{GAP}(?:{symbols})(?!\w)| of\b)",
                slashed,
                "/",
            )
        )
    if language.dotted_clock:
        found.append(rule(rf"{_ALONE}(?P<day>[0-3]?[0-9])\.(?P<month>[01]?[0-9])\.(?![\w])", dotted))
    found.append(
        rule(rf"(?<!\w)(?P<month>{names})\.? (?P<of>{of})(?P<year>{_YEAR})(?![\w%:]|[.,][0-9])", month_and_year)
    )
    return [*_weekdays(speech, names), *found]


def _month_spellings(speech: Speech, wide: dict[int, str]) -> dict[str, int]:
    spellings: dict[str, int] = {}
    for month, name in wide.items():
        spellings[name] = month
        spellings[speech.locale.months["format"]["abbreviated"][month].removesuffix(".")] = month
    spellings.update(speech.language.month_names)
    for name, month in list(spellings.items()):
        spellings.setdefault(name[0].upper() + name[1:], month)
    return spellings


def _weekday_names(speech: Speech) -> str:
    names_of = speech.locale.days["format"]
    names = {names_of[width][day] for width in ("wide", "abbreviated") for day in range(7)}
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _weekdays(speech: Speech, months: str) -> list[Rule]:
    names_of = speech.locale.days["format"]
    full = {names_of["abbreviated"][day].removesuffix("."): names_of["wide"][day] for day in range(7)}
    full |= {name[0].upper() + name[1:]: text[0].upper() + text[1:] for name, text in full.items()}
    names = "|".join(sorted(full, key=len, reverse=True))
    of = f"(?:(?:{speech.language.of}) )?" if speech.language.of else ""
    to = speech.language.to_days or speech.language.to

    def between(match: re.Match[str]) -> str:
        joint = match["word"] or f" {speech.language.to} "
        return f"{full[match['first']]}{joint}{full[match['last']]}"

    return [
        rule(
            rf"(?<!\w)(?P<first>{names})\.?(?:{DASH}|(?P<word> (?:{to}) ))(?P<last>{names})(?!\w)(?:\.(?!$))?",
            between,
            "",
        ),
        rule(
            rf"(?<!\w)(?P<day>{names})\.?(?=,? (?:[0-9]{{1,2}}"
            rf"(?:[.:/][0-9 ]|(?:st|nd|rd|th|er)? {of}(?:{months}))|(?:{months})\.? [0-9]))",
            lambda match: full[match["day"]],
        ),
    ]
