"""Dutch."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    words = f"{cardinal(hour, '')} uur"
    return f"{words} {cardinal(minute, '')}" if minute else words


LANGUAGE = Language(
    code="nl",
    cardinals={"": "spellout-cardinal"},
    ordinals={"": "spellout-ordinal"},
    year="spellout-numbering-year",
    decimal_words={",": "komma", ".": "komma"},
    decimals_as_number=True,
    minus="min",
    plus="plus",
    to="tot",
    score="tegen",
    point="punt",
    dot="punt",
    octets_by_digit=True,
    out_of="van de",
    fractions={
        2: ("half", "halve"),
        3: ("derde", "derde"),
        4: ("kwart", "kwart"),
        5: ("vijfde", "vijfde"),
        6: ("zesde", "zesde"),
        8: ("achtste", "achtste"),
        10: ("tiende", "tiende"),
    },
    halves=(
        ("(?:uur|glas|kilo|kilogram|gram|pond|jaar|brood|pak|procent)(?!\\w)", "een half {0}"),
        (
            "(?:liter|(?:kilo|centi)?meter|dag|minuut|maand|fles|theelepel|eetlepel|graad|ui|appel)(?!\\w)",
            "een halve {0}",
        ),
    ),
    and_half="{0} en een half",
    and_fraction="{0} en {1}",
    ordinal_marks=(("e|de|ste", ""),),
    year_after="in|sinds|[Ss]inds|jaar|van|tot",
    code_after="code|Code|pincode|PIN|wachtwoord|serienummer",
    version_after="versie|Versie|Core|Assistant|OS|firmware|Firmware",
    number_signs="nr\\.|Nr\\.|no\\.",
    number_word="nummer",
    units={
        "watt-hour": ("wattuur", "wattuur"),
        "kilowatt-hour": ("kilowattuur", "kilowattuur"),
        "megawatt-hour": ("megawattuur", "megawattuur"),
        "decibel": ("decibel", "decibel"),
    },
    per="per",
    before_unit="per|een|elke|de|het",
    currencies={
        "EUR": Currency("euro", "euro", "cent", "cent"),
        "USD": Currency("dollar", "dollar", "cent", "cent"),
        "GBP": Currency("pond", "pond", "penny", "pence"),
        "CHF": Currency("Zwitserse frank", "Zwitserse frank", "rappen", "rappen"),
    },
    says_cents=False,
    millions={"duizend": "duizend", "miljoen": "miljoen", "mln.": "miljoen", "mld.": "miljard", "miljard": "miljard"},
    symbols={"u": "hour", "min.": "minute", "sec.": "second"},
    clock=_clock,
    hour_marks="uur|u(?!\\w)",
    bare_hour_marks="uur",
    dotted_clock=True,
    at="om",
    duration_and="en",
    date="{day} {month}",
    date_with_year="{day} {month} {year}",
    to_days="t/m|tot|tot en met",
    abbreviations={
        "bijv.": "bijvoorbeeld",
        "bv.": "bijvoorbeeld",
        "d.w.z.": "dat wil zeggen",
        "enz.": "enzovoort",
        "o.a.": "onder andere",
        "ca.": "circa",
        "max.": "maximaal",
        "t/m": "tot en met",
        "tel.": "telefoon",
        "CO2": "C O twee",
        "CO₂": "C O twee",
    },
    titles={
        "Dhr.": "De heer",
        "dhr.": "de heer",
        "Mevr.": "Mevrouw",
        "mevr.": "mevrouw",
        "Dr.": "Dokter",
        "dr.": "dokter",
    },
    words={
        "&": "en",
        "@": "apenstaartje",
        "+": "plus",
        "=": "is",
        "×": "keer",
        "÷": "gedeeld door",
        "<": "kleiner dan",
        ">": "groter dan",
        "≤": "hoogstens",
        "≥": "minstens",
        "~": "ongeveer",
        "±": "plusminus",
        "≈": "ongeveer",
        "→": "naar",
        "§": "paragraaf",
        "v": "versie",
        "x": "bij",
        "−": "min",
        "times": "keer",
        ".": "punt",
        "_": "liggend streepje",
    },
)
