"""One way of writing for what a person said and what a recogniser wrote down: `7.30pm` is `seven thirty p.m.`

Numbers become digits and not words, since `1845` may have been said in two ways but all of them end as `1845`.
Every rule is about English in general; none knows a sentence of the corpus.
"""

from __future__ import annotations

import re
import unicodedata

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90
}  # fmt: skip
_VALUES = {word: n for n, word in enumerate(_SMALL)} | _TENS
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1000000}
_ORDINALS = {
    "first": "one", "third": "three", "fifth": "five", "eighth": "eight", "ninth": "nine", "twelfth": "twelve",
} | {f"{word}th": word for word in ("four", "six", "seven", *_SMALL[10:12], *_SMALL[13:])} | {
    f"{word[:-1]}ieth": word for word in _TENS
}  # fmt: skip
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_CURRENCIES = {"$": ("dollars", "cents"), "€": ("euros", "cents"), "£": ("pounds", "pence")}
_UNITS = {
    "km/h": "kilometers per hour", "kph": "kilometers per hour", "mph": "miles per hour", "kwh": "kilowatt hours",
    "kw": "kilowatts", "w": "watts", "kg": "kilograms", "km": "kilometers", "cm": "centimeters", "mm": "millimeters",
    "m2": "square meters", "m²": "square meters", "l": "liters", "hpa": "hectopascals", "ppm": "parts per million",
    "°c": "degrees celsius", "°f": "degrees fahrenheit", "°": "degrees", "%": "percent",
}  # fmt: skip
_SPELLINGS = {
    "colour": "color", "grey": "gray", "favourite": "favorite", "centre": "center",
    "dr": "doctor", "mr": "mister", "mrs": "missus", "ok": "okay", "centigrade": "celsius",
}  # fmt: skip
_UNIT = re.compile(
    r"(?<=\d)\s*(" + "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True)) + r")(?![\w²])"
)
_CONTRACTIONS = (
    (re.compile(r"\b(it|that|he|she|there|here|what|where|who)'s\b"), r"\1 is"),
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"\bi'm\b"), "i am"),
)
_TOKEN = re.compile(r"\d+(?:\.\d+)?(?:st|nd|rd|th)?|[^\W\d_]+|[^\w\s]")


def plain_words(text: str) -> list[str]:
    """Words and numbers of a text, written in the one way."""
    text = unicodedata.normalize("NFC", text).casefold().replace("’", "'").replace("−", "-")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"([$€£])(\d+)(?:\.(\d\d))?(?!\d)", _money, text)
    text = _UNIT.sub(lambda match: f" {_UNITS[match[1]]}", text)
    text = re.sub(r"(met|lit)re(s?)\b", r"\1er\2", text).replace("per cent", "percent")
    text = re.sub(r"\b([ap])\s?\.?\s?m\b\.?", r"\1m", text)
    text = re.sub(r"o'clock\b", "", text)
    text = re.sub(r"\b(\d\d?):00\b", r"\1", text)
    # Recognisers write the clock with a colon, a full stop or nothing: half past seven is always 730.
    text = re.sub(r"\b(1?[1-9]|10|2[0-4]|0\d)[:.]([0-5]\d)(?!\.?\d)", lambda match: match[1] + match[2], text)
    for pattern, replacement in _CONTRACTIONS:
        text = pattern.sub(replacement, text)
    text = re.sub(r"(^|\s)-(?=\d)", r"\1minus ", text).replace("'", "").replace("-", " ")
    text = re.sub(rf"\b({_MONTHS}) (\d+)(?:st|nd|rd|th)\b", r"\1 \2", " ".join(_numbers(_TOKEN.findall(text))))
    words = [_SPELLINGS.get(word, word) for word in text.split() if word[0].isalnum()]
    return _initials(words)


def _money(match: re.Match[str]) -> str:
    whole, part = _CURRENCIES[match[1]]
    amounts = [f"{int(match[2])} {whole}"] if int(match[2]) or not match[3] else []
    if match[3] and int(match[3]):
        amounts.append(f"{int(match[3])} {part}")
    return " and ".join(amounts)


def _numbers(tokens: list[str]) -> list[str]:
    """Replace each run of number words by digits: `eight oh five` by `805`, `two thousand and six` by `2006`."""
    out: list[str] = []
    at = 0
    while at < len(tokens):
        number, after = _number(tokens, at)
        out.append(number or tokens[at])
        at = after if number else at + 1
    return out


def _number(tokens: list[str], at: int) -> tuple[str, int]:
    """The number that starts at a token, in digits, and where it ends."""
    done = ""  # digits that nothing later can change
    total = current = 0  # thousands and more, and what is below them
    last: int | None = None  # the value that was added last
    start = at
    while at < len(tokens):
        token = tokens[at]
        word = _ORDINALS.get(token, token)
        if word in _SCALES and last is not None:
            scale = _SCALES[word]
            if scale == 100:
                current *= 100
            else:
                total, current = total + current * scale, 0
            last = scale
        elif word == "and" and last in _SCALES.values() and at + 1 < len(tokens) and tokens[at + 1] in _VALUES:
            pass
        elif word in _VALUES or word.isdecimal() or (word in {"oh", "o"} and last is not None):
            value = _VALUES.get(word, int(word) if word.isdecimal() else 0)
            completes = last is not None and (last >= 100 > value or (last in _TENS.values() and 0 < value < 10))
            if last is not None and not completes:
                done, total, current = f"{done}{total + current}", 0, 0
            if word.isdecimal() and word[0] == "0":
                done, current = done + word[:-1], int(word[-1])
            else:
                current += value
            last = value
        else:
            break
        at += 1
        if token in _ORDINALS:
            return f"{done}{total + current}{_suffix(current)}", at
    if last is None:
        return "", start + 1
    fraction = at
    if at + 1 < len(tokens) and tokens[at] == "point":
        digits = ""
        fraction += 1
        while fraction < len(tokens) and _VALUES.get(tokens[fraction], 10) < 10:
            digits += str(_VALUES[tokens[fraction]])
            fraction += 1
        if digits:
            return f"{done}{total + current}.{digits}", fraction
    return f"{done}{total + current}", at


def _suffix(value: int) -> str:
    return "th" if 10 <= value % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _initials(words: list[str]) -> list[str]:
    """Join letters that stand alone: `c o 2` is `co 2`."""
    out: list[str] = []
    alone = False
    for word in words:
        letter = len(word) == 1 and word.isalpha()
        if letter and alone:
            out[-1] += word
        else:
            out.append(word)
        alone = letter
    return out
