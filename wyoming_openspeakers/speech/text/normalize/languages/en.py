"""English."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    if half:
        hour, suffix = hour % 12 or 12, f" {half[0]}.m."
    else:
        suffix = ""
    if minute == 0:
        if suffix:
            return cardinal(hour, "") + suffix
        if hour % 24 == 0:
            return "midnight"
        return f"{cardinal(hour, '')} hundred" if hour > 12 else f"{cardinal(hour, '')} o'clock"
    oh = "oh " if minute < 10 else ""
    return f"{cardinal(hour, '')} {oh}{cardinal(minute, '')}{suffix}"


_AND = {
    "cardinals": {"": "spellout-numbering-verbose"},
    "ordinals": {"": "spellout-ordinal-verbose"},
    "month_first": False,
    "date": "the {day} of {month}",
    "date_with_year": "the {day} of {month} {year}",
}

LANGUAGE = Language(
    code="en",
    cardinals={"": "spellout-numbering"},
    ordinals={"": "spellout-ordinal"},
    year="spellout-numbering-year",
    corrections=((",", ""), ("oh-", "oh ")),
    decimal_words={".": "point", ",": "point"},
    minus="minus",
    plus="plus",
    to="to",
    to_days="to|through|thru|till|until",
    score="to",
    point="point",
    dot="dot",
    octets_by_digit=True,
    out_of="out of",
    fractions={
        2: ("half", "halves"),
        3: ("third", "thirds"),
        4: ("quarter", "quarters"),
        5: ("fifth", "fifths"),
        6: ("sixth", "sixths"),
        7: ("seventh", "sevenths"),
        8: ("eighth", "eighths"),
        9: ("ninth", "ninths"),
        10: ("tenth", "tenths"),
    },
    halves=(
        ("(?:hours?|ounces?|inch|acre)(?!\\w)", "half an {0}"),
        (
            "(?:cups?|miles?|(?:tea|table)spoons?|lit(?:er|re)s?|gallons?|pounds?|dozen|days?|pints?|quarts?|kilos?|"
            "(?:kilo)?met(?:er|re)s?|minutes?|seconds?|(?:kilo)?grams?|foot|bottles?|glass)(?!\\w)",
            "half a {0}",
        ),
    ),
    and_half="{0} and a half",
    and_fraction="{0} and {1}",
    ordinal_marks=(("st|nd|rd|th", ""),),
    decades=True,
    year_after=(
        "[Ii]n|[Ss]ince|of|[Yy]ear|[Bb]y|[Uu]ntil|[Ff]rom|[Bb]efore|[Aa]fter|[Dd]uring|[Ss]pring|[Ss]ummer|[Aa]utumn|"
        "[Ff]all|[Ww]inter|[Cc]opyright|circa"
    ),
    code_after="code|PIN|pin|passcode|password|dial|extension|ext\\.|serial number|OTP",
    version_after="version|Version|release|Release|core|Core|Assistant|OS|firmware|Firmware|update|Update",
    number_signs="No\\.|Nos\\.|no\\.|Nr\\.",
    number_word="number",
    roman_after=(
        "[Cc]hapter|[Pp]art|[Vv]olume|[Aa]ct|[Bb]ook|[Ww]ar|[Ss]ection|[Pp]hase|[Tt]itle|Super Bowl|Rocky|Article"
    ),
    roman_names=(
        "Elizabeth|Henry|Louis|Charles|George|Edward|William|James|Richard|Philip|Frederick|Catherine|Nicholas|"
        "Alexander|Benedict|John Paul|Pius|Leo|Napoleon|Peter|Ramses|Mary|Margaret|Felipe|Juan Carlos"
    ),
    roman_article="the",
    units={
        "watt-hour": ("watt hour", "watt hours"),
        "kilowatt-hour": ("kilowatt hour", "kilowatt hours"),
        "megawatt-hour": ("megawatt hour", "megawatt hours"),
        "gigawatt-hour": ("gigawatt hour", "gigawatt hours"),
        "volt-ampere": ("volt ampere", "volt amperes"),
        "kilovolt-ampere": ("kilovolt ampere", "kilovolt amperes"),
        "millivolt": ("millivolt", "millivolts"),
        "kilovolt": ("kilovolt", "kilovolts"),
        "ampere": ("amp", "amps"),
        "milliampere": ("milliamp", "milliamps"),
        "milliampere-hour": ("milliamp hour", "milliamp hours"),
        "ampere-hour": ("amp hour", "amp hours"),
        "decibel": ("decibel", "decibels"),
        "decibel-milliwatt": ("D B M", "D B M"),
        "psi": ("P S I", "P S I"),
        "rpm": ("R P M", "R P M"),
        "btu": ("B T U", "B T U"),
        "lumen": ("lumen", "lumens"),
        "permille": ("per mille", "per mille"),
        "candela": ("candela", "candelas"),
        "megajoule": ("megajoule", "megajoules"),
    },
    per="per",
    feet_and_inches="{feet} foot {inches}",
    before_unit="an?|each|every|one|the",
    inch=r"[).,;:!?…]|$|/| (?:of|per|x|by|wide|long|tall|high|thick|deep|and)\b",
    currencies={
        "USD": Currency("dollar", "dollars", "cent", "cents"),
        "EUR": Currency("euro", "euros", "cent", "cents"),
        "GBP": Currency("pound", "pounds", "penny", "pence"),
        "JPY": Currency("yen", "yen"),
        "CHF": Currency("Swiss franc", "Swiss francs", "rappen", "rappen"),
        "INR": Currency("rupee", "rupees", "paisa", "paise"),
    },
    and_cents="and",
    millions={
        "thousand": "thousand",
        "million": "million",
        "billion": "billion",
        "trillion": "trillion",
        "k": "thousand",
        "K": "thousand",
        "M": "million",
        "m": "million",
        "bn": "billion",
        "B": "billion",
    },
    symbols={
        "hr": "hour",
        "hrs": "hour",
        "mins": "minute",
        "min.": "minute",
        "sec": "second",
        "secs": "second",
        "kWhr": "kilowatt-hour",
        "sq ft": "square-foot",
        "fl oz": "fluid-ounce",
        "cu ft": "cubic-foot",
        "tsp": "teaspoon",
        "tbsp": "tablespoon",
    },
    clock=_clock,
    at="at",
    duration_and="and",
    month_first=True,
    date_after="[Oo]n|[Dd]ue|[Dd]ated|[Ss]ince|[Uu]ntil|[Tt]ill|[Ee]xpires",
    date="{month} {day}",
    date_with_year="{month} {day}, {year}",
    day_month="the {day} of {month}",
    month_before_day=True,
    day_article="the ",
    ordinal_days=True,
    month_names={"Sept": 9},
    of="of",
    abbreviations={
        "e.g.": "for example",
        "i.e.": "that is",
        "etc.": "et cetera",
        "approx.": "approximately",
        "vs.": "versus",
        "vs": "versus",
        "temp.": "temperature",
        "a.k.a.": "also known as",
        "min.": "minimum",
        "max.": "maximum",
        "w/o": "without",
        "St.": "Street",
        "Ave.": "Avenue",
        "Blvd.": "Boulevard",
        "Rd.": "Road",
        "Dept.": "Department",
        "dept.": "department",
        "est.": "estimated",
        "incl.": "including",
        "excl.": "excluding",
        "appt.": "appointment",
        "apt.": "apartment",
        "Apt.": "Apartment",
        "tel.": "telephone",
        "Tel.": "Telephone",
        "CO2": "C O two",
        "CO₂": "C O two",
        "PM2.5": "P M two point five",
        "PM10": "P M ten",
        "PM1": "P M one",
        "NO2": "N O two",
        "24/7": "twenty-four seven",
        "9/11": "nine eleven",
    },
    titles={
        "Dr.": "Doctor",
        "Mr.": "Mister",
        "Mrs.": "Missus",
        "Ms.": "Miz",
        "Prof.": "Professor",
        "St.": "Saint",
        "Mt.": "Mount",
        "Dr": "Doctor",
        "Mr": "Mister",
        "Mrs": "Missus",
    },
    words={
        "&": "and",
        "@": "at",
        "+": "plus",
        "=": "equals",
        "×": "times",
        "÷": "divided by",
        "<": "less than",
        ">": "greater than",
        "≤": "at most",
        "≥": "at least",
        "~": "about",
        "±": "plus or minus",
        "≈": "about",
        "→": "to",
        "§": "section",
        "v": "version",
        "x": "by",
        "−": "minus",
        "times": "times",
        ".": "dot",
        "_": "underscore",
    },
    regions={"US": {}, "PH": {}, "CA": {}, "*": _AND},
)
