"""Numbers with a unit: 21.5 °C, 5-10 km/h, 1 kWh."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import format_decimal
from babel.units import UnknownUnitError, format_unit

from .notation import DASH, GAP, SIGN, START, Written
from .rule import Rule, rule
from .speech import Speech

SYMBOLS = {
    "celsius": "°C ºC ℃", "fahrenheit": "°F ºF ℉", "kelvin": "K °K", "degree": "°", "percent": "%", "permille": "‰",
    "kilometer-per-hour": "km/h kph kmh", "mile-per-hour": "mph mi/h", "knot": "kn kt",
    "watt-hour": "Wh", "kilowatt-hour": "kWh", "megawatt-hour": "MWh", "gigawatt-hour": "GWh",
    "milliwatt": "mW", "watt": "W", "kilowatt": "kW", "megawatt": "MW", "gigawatt": "GW",
    "volt-ampere": "VA", "kilovolt-ampere": "kVA", "millivolt": "mV", "volt": "V", "kilovolt": "kV",
    "milliampere": "mA", "ampere": "A", "milliampere-hour": "mAh", "ampere-hour": "Ah", "ohm": "Ω Ω",
    "hertz": "Hz", "kilohertz": "kHz", "megahertz": "MHz", "gigahertz": "GHz",
    "lux": "lx", "lumen": "lm", "candela": "cd", "decibel": "dB dBA dB(A)", "decibel-milliwatt": "dBm",
    "pascal": "Pa", "hectopascal": "hPa", "kilopascal": "kPa", "millibar": "mbar", "bar": "bar", "psi": "psi",
    "inch-ofhg": "inHg", "millimeter-ofhg": "mmHg",
    "permillion": "ppm", "portion-per-1e9": "ppb",
    "microgram": "µg μg", "milligram": "mg", "gram": "g", "kilogram": "kg", "pound": "lb lbs", "ounce": "oz",
    "square-millimeter": "mm²", "square-centimeter": "cm² cm2", "square-meter": "m² m2", "square-kilometer": "km² km2",
    "square-foot": "ft² ft2 sqft", "square-mile": "mi²", "hectare": "ha",
    "cubic-centimeter": "cm³ cm3", "cubic-meter": "m³ m3", "cubic-kilometer": "km³", "cubic-foot": "ft³ ft3",
    "micrometer": "µm μm", "millimeter": "mm", "centimeter": "cm", "meter": "m", "kilometer": "km",
    "inch": "in ″", "foot": "ft ′", "yard": "yd", "mile": "mi",
    "liter": "l L ℓ", "milliliter": "ml mL", "centiliter": "cl cL", "deciliter": "dl dL", "gallon": "gal",
    "fluid-ounce": "fl.oz. fl.oz floz",
    "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms", "microsecond": "µs μs",
    "bit": "bit", "kilobit": "kbit kb",
    "megabit": "Mbit MBit Mb", "gigabit": "Gbit GBit Gb",
    "byte": "B", "kilobyte": "kB KB KiB", "megabyte": "MB MiB", "gigabyte": "GB GiB", "terabyte": "TB TiB",
    "joule": "J", "kilojoule": "kJ", "megajoule": "MJ", "calorie": "cal", "kilocalorie": "kcal",
    "rpm": "rpm", "btu": "BTU Btu",
}  # fmt: skip
"""Symbols of each unit by its CLDR identifier, or by a name of ours where CLDR has none."""

RATES = {"kbps": "kilobit", "Mbps": "megabit", "Gbps": "gigabit"}
UNIT_OF = {symbol: unit for unit, symbols in SYMBOLS.items() for symbol in symbols.split()}

_SPACED_ONLY = {"K", "B"}
"""4K is a picture, 4 K is cold; from four digits on (2700K) it is a light's colour. Flat 3B has no three bytes."""

_FEET = (
    f"{START}(?P<feet>[0-9]{{1,2}})['′’] ?(?P<inches>1[01]|[0-9])"
    "(?:[\"″”]|['’]{2}|(?=[),.;:!?]|$| tall| high| long| wide))"
)
_INCHES = f'{START}(?P<number>[0-9]{{1,3}}(?:\\.[0-9]{{1,2}})?)["”](?![^\\W])'

_ATTACHED_ONLY = {"″", "′"}

DENOMINATORS = "100km h min s m² m³ m2 m3 l L kg g km mi gal kWh MWh Wh d ft² m cm² mm² dl dL ml mL".split()  # noqa: SIM905
"""Symbols that are read behind `per`."""


class Units:
    """The names of units in one language."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._feminine = re.compile(speech.language.feminine_units or "(?!)")
        self._names: dict[tuple[str, str], tuple[str, str] | None] = {}

    def name(self, unit: str, number: Written) -> tuple[str, str] | None:
        """The unit's name with this number, and the form that the number takes before it."""
        locale = self._speech.locale
        category = locale.plural_form(Decimal(f"{number.whole[-12:]}.{number.decimals[:6]}".rstrip(".")))
        key = (unit, category)
        if key not in self._names:
            self._names[key] = self._look_up(unit, category, number)
        return self._names[key]

    def rate(self, unit: str, per: str) -> str | None:
        """What stands behind the number's unit: per hour."""
        distance = re.match("100(?=[a-z])", per)
        found = self.name(UNIT_OF[per[distance.end() :] if distance else per], Written("100" if distance else "1"))
        if found is None or not self._speech.language.per:
            return None
        hundred = f"{self._speech.words.cardinal(100)} " if distance else ""
        return f"{self._speech.language.per} {hundred}{found[0]}"

    def _look_up(self, unit: str, category: str, number: Written) -> tuple[str, str] | None:
        own = self._speech.language.units.get(unit)
        name = own[category != "one"] if own else self._cldr_name(unit, number)
        if not name:
            return None
        language = self._speech.language
        return name, language.feminine_form if self._feminine.search(name) else language.masculine_form

    def _cldr_name(self, unit: str, number: Written) -> str:
        locale = self._speech.locale
        value = Decimal(f"{number.whole[-12:]}.{number.decimals[:3]}".rstrip("."))
        try:
            text = format_unit(value, unit, length="long", locale=locale)
        except UnknownUnitError:
            return ""
        written = format_decimal(value, locale=locale)
        before, found, after = text.replace("\xa0", " ").partition(written.replace("\xa0", " "))
        return after.strip() if found and not before.strip() else ""


def rules(speech: Speech, units: Units) -> list[Rule]:
    """Rules for numbers with units, alone and in ranges."""
    known = {**UNIT_OF, **RATES, **speech.language.symbols}
    if not speech.language.inch:
        known = {symbol: unit for symbol, unit in known.items() if symbol != "in"}
    symbols = "|".join(re.escape(symbol) for symbol in sorted(known, key=len, reverse=True))
    per = "|".join(sorted(map(re.escape, DENOMINATORS), key=len, reverse=True)).replace("100km", "100 ?km")
    unit = (
        f"(?P<gap>{GAP})(?:(?P<unit>[°º] ?C|[°º] ?F|{symbols})(?:/(?P<per>{per}))?)"
        "(?:(?P<slash>/(?=[-−]?[0-9]))|(?![\\w/²³°]|['’][^\\W\\d_]))"
        f"(?!-[a-z])(?P<to>{DASH}(?=[-−]?[0-9]))?"
    )
    number = speech.number

    def written(match: re.Match[str], which: str) -> Written | None:
        return speech.parse(match[which])

    def speak(match: re.Match[str]) -> str | None:
        symbol, gap, per = match["unit"].replace(" ", ""), match["gap"], (match["per"] or "").replace(" ", "")
        number = written(match, "number")
        first = written(match, "first") if match["first"] else None
        if number is None or (match["first"] and (first is None or not speech.language.to)):
            return None
        if symbol in _SPACED_ONLY and not gap and len(number.whole) < 4:
            return None
        if symbol in _ATTACHED_ONLY and gap:
            return None
        if symbol == "in" and not per and not _is_inch(match, speech.language.inch):
            return None
        named = units.name(known[symbol], number)
        if named is None:
            return None
        name, form = named
        if symbol in RATES:
            per = "s"
        if per:
            rate = units.rate(symbol, per)
            if rate is None:
                return None
            name = f"{name} {rate}"
        form = speech.case(form, number, match.string, match.start())
        words = speech.number_words(number, form)
        sign = speech.sign_word(match["sign"])
        if words is None or sign is None:
            return None
        if first is not None:
            low = speech.number_words(first)
            minus = speech.sign_word(match["minus"]) or ""
            words, sign = f"{sign}{low} {speech.language.to} {minus}{words}", ""
        tail = ", " if match["slash"] else ""
        if match["to"]:
            tail = f" {speech.language.to} " if speech.language.to else match["to"]
        return f"{sign}{speech.counted(words, name)}{tail}"

    found = [
        rule(
            f"{SIGN}{START}(?:(?<![^\\W\\d_]-)|(?<=[°º][CF]-)|(?<=[0-9][mWVAhlg]-)|(?<=[0-9][kcm][mWg]-))(?:(?P<first>{number}){DASH}(?P<minus>[-−])?)?(?P<number>{number}){unit}",
            speak,
        )
    ]
    if speech.language.feet_and_inches:
        found.insert(0, rule(_FEET, lambda match: _feet_and_inches(speech, match), "'′’"))
        found.insert(1, rule(_INCHES, lambda match: _quoted_inches(units, speech, match), '"”″'))
    return found


def _feet_and_inches(speech: Speech, match: re.Match[str]) -> str:
    feet, inches = speech.words.whole(match["feet"]), speech.words.whole(match["inches"])
    return speech.language.feet_and_inches.format(feet=feet, inches=inches)


def _quoted_inches(units: Units, speech: Speech, match: re.Match[str]) -> str | None:
    """A double quote behind a number means inches, unless it closes a quotation."""
    if sum(match.string.count(quote) for quote in '"“”') != 1:
        return None
    number = speech.parse(match["number"])
    is_adjective = re.compile(" [a-z]").match(match.string, match.end()) is not None
    name = number and units.name("inch", Written("1") if is_adjective else number)
    words = number and speech.number_words(number)
    return f"{words} {name[0]}" if name and words else None


def _is_inch(match: re.Match[str], after: str) -> bool:
    return bool(re.compile(after).match(match.string, match.end("unit")))
