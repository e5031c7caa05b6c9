"""Amounts of money: $5.50, 3,20 €, CHF 20, $1.2 million, 0.32 €/kWh."""

from __future__ import annotations

import re
from dataclasses import replace

from babel.numbers import get_currency_name

from .language import Currency
from .notation import GAP, SIGN, START, Written
from .rule import Rule, rule
from .speech import Speech
from .units import UNIT_OF, Units

_CODES = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "USD": "USD", "EUR": "EUR", "GBP": "GBP",
    "JPY": "JPY", "CHF": "CHF", "INR": "INR", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK", "PLN": "PLN", "CZK": "CZK",
    "AUD": "AUD", "CAD": "CAD", "MXN": "MXN", "BRL": "BRL", "CNY": "CNY", "Fr.": "CHF", "R$": "BRL",
    "₽": "RUB", "zł": "PLN",
}  # fmt: skip

_WITHOUT_SPACES = {"ja", "zh", "yue", "th", "lo", "km", "my"}
"""Languages that do not put a currency's name behind its number, a space between them."""

_CENTS = {"¢": "USD", "ct": "EUR", "¢/": "USD", "cts": "EUR"}


def rules(speech: Speech, units: Units) -> list[Rule]:
    """Rules for amounts; in a language with no names of its own for currencies, CLDR's."""
    language = speech.language
    if not language.currencies and language.code in _WITHOUT_SPACES:
        return []
    signs = "|".join(sorted(map(re.escape, _CODES), key=len, reverse=True))
    cents = "|".join(map(re.escape, _CENTS))
    large = "|".join(sorted(map(re.escape, language.millions), key=len, reverse=True))
    millions = f"(?:{GAP}(?P<large>{large})(?!\\w))?"
    per = "|".join(sorted(map(re.escape, UNIT_OF), key=len, reverse=True))
    rate = f"(?:/(?:(?P<per>{per})|(?P<word>[^\\W\\d_]{{3,20}}))(?!\\w))?"
    number = f"(?P<number>{speech.number})"

    def amount(match: re.Match[str]) -> str | None:
        number = speech.parse(match["number"])
        groups = match.groupdict()
        sign = speech.sign_word(match["sign"] or groups.get("minus"))
        if number is None or sign is None:
            return None
        if groups.get("cents"):
            words = _hundredths(speech, number, _currency(speech, _CENTS[groups["cents"]]))
        else:
            currency = _currency(speech, _CODES[match["currency"]])
            currency = replace(
                currency, form=speech.case(currency.form, Written(number.whole), match.string, match.start())
            )
            words = _amount(speech, number, currency, groups.get("large") or "")
        if words is None:
            return None
        tail = ""
        if groups.get("per"):
            spoken = units.rate("", groups["per"])
            if spoken is None:
                return None
            tail = f" {spoken}"
        elif groups["word"]:
            if not language.per:
                return None
            tail = f" {language.per} {groups['word']}"
        return f"{sign}{words}{tail}"

    return [
        rule(f"{SIGN}(?<![\\w$€£])(?P<currency>{signs}){GAP}(?P<minus>[-−])?{number}{millions}(?!\\w){rate}", amount),
        rule(f"{SIGN}{START}{number}{millions}{GAP}(?P<currency>{signs})(?!\\w){rate}", amount),
        rule(f"{SIGN}{START}{number}{GAP}(?P<cents>{cents})(?!\\w){rate}", amount),
    ]


def _currency(speech: Speech, code: str) -> Currency:
    own = speech.language.currencies.get(code)
    if own:
        return own
    one, other = (str(get_currency_name(code, count=count, locale=speech.locale)) for count in (1, 2))
    return Currency(one, other, form=speech.language.masculine_form)


def _amount(speech: Speech, number: Written, currency: Currency, large: str) -> str | None:
    language = speech.language
    if large:
        words = speech.number_words(number, language.million_form)
        return None if words is None else speech.counted(f"{words} {language.millions[large]}", currency.other)
    if len(number.decimals) == 2 and (currency.cent or not language.currencies):
        whole, cents = number.whole, str(int(number.decimals))
        if not int(whole) and currency.cent:
            return _hundredths(speech, Written(cents), currency)
        words = _counted(speech, whole, currency)
        if cents == "0":
            return words
        if language.says_cents and currency.cent:
            return f"{words} {language.and_cents} {_hundredths(speech, Written(cents), currency)}"
        return f"{words} {speech.words.whole(cents)}"
    if number.decimals:
        spoken = speech.number_words(number)
        name = currency.one if speech.locale.plural_form(number.value()) == "one" else currency.other
        return None if spoken is None else f"{spoken} {name}"
    return _counted(speech, number.whole, currency)


def _counted(speech: Speech, whole: str, currency: Currency) -> str:
    name = currency.one if _is_one(speech, whole) else currency.other
    return speech.counted(speech.words.whole(whole, currency.form), name)


def _hundredths(speech: Speech, number: Written, currency: Currency) -> str | None:
    words = speech.number_words(number, currency.cent_form)
    is_one = not number.decimals and _is_one(speech, number.whole)
    return None if words is None else f"{words} {currency.cent if is_one else currency.cents}"


def _is_one(speech: Speech, whole: str) -> bool:
    return bool(speech.locale.plural_form(int(whole[-12:])) == "one")
