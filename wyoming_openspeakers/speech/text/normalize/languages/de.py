"""German."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    words = f"{cardinal(hour, 'masculine')} Uhr"
    return f"{words} {cardinal(minute, '')}" if minute else words


_FEMININE = "^[^ ]*(?:tunde|inute|ekunde|eile|Unze|unze|Gallone|Tonne|Umdrehung|Kalorie|kalorie|Woche)n?(?: |$)"

_ADJECTIVES = (
    "neu|offen|aktiv|weiter|ungelesen|verpasst|lang|kurz|ganz|halb|voll|leer|klein|groß|einzig|zusätzlich|gut|alt|frisch|"
    "fällig|rot|grün|blau|gelb|weiß|schwarz|ander|unbekannt|wichtig|erledigt|heutig|defekt|verfügbar|geplant|eingehend"
)
_MASCULINE = (
    "\\w*(?:[Tt]ermin|[Tt]imer|[Ww]ecker|[Tt]ag|[Mm]onat|[Aa]larm|[Ee]intrag|[Aa]rtikel|[Ff]ehler|[Ss]chalter|[Ss]ensor|"
    "[Aa]nruf|[Gg]ast|[Rr]aum|[Pp]unkt|[Ss]ong|[Tt]itel|[Ff]ilm|[Kk]ontakt|[Mm]elder|[Ss]tuhl|[Bb]rief|[Ll]öffel|[Hh]und|[Ss]tock)"
)

LANGUAGE = Language(
    code="de",
    cardinals={
        "": "spellout-numbering",
        "masculine": "spellout-cardinal-masculine",
        "feminine": "spellout-cardinal-feminine",
        "accusative": "spellout-cardinal-n",
        "masculine dative": "spellout-cardinal-m",
        "masculine noun": "spellout-cardinal-masculine",
        "masculine noun dative": "spellout-cardinal-m",
        "masculine noun accusative": "spellout-cardinal-n",
        "feminine dative": "spellout-cardinal-r",
    },
    ordinals={"e": "spellout-ordinal", "n": "spellout-ordinal-n", "r": "spellout-ordinal-r", "s": "spellout-ordinal-s"},
    year="spellout-numbering-year",
    decimal_words={",": "Komma", ".": "Komma"},
    before_noun=(
        (rf"[\xa0 ](?:{_ADJECTIVES})e [A-ZÄÖÜ]", "feminine"),
        (rf"[\xa0 ](?:{_ADJECTIVES})e[rs] [A-ZÄÖÜ]", "masculine"),
        (rf"[\xa0 ](?:{_ADJECTIVES})en [A-ZÄÖÜ]", "accusative"),
        (
            r"[\xa0 ](?:\w*(?:ung|heit|keit|schaft|ion|tät|[Tt]ür|[Uu]hr|[Nn]acht|[Ww]and|[Nn]achricht|[Kk]amera|"
            r"[Mm]ail|[Tt]emperatur|[Dd]atei|[Aa]pp|[Uu]hrzeit)|(?!Name|Käse|Junge|Kunde|Ende|Gebäude|Auge)[A-ZÄÖÜ]\w*e|"
            r"E-Mail|SMS|Person|Frau|Stadt|Hand|Zahl|CD)(?!\w)",
            "feminine",
        ),
        (rf"[\xa0 ](?:{_MASCULINE})(?!\w)", "masculine noun"),
        (r"[\xa0 ][A-ZÄÖÜ][a-zäöüß]", "masculine"),
    ),
    cases=(
        ("[Ii]n|[Vv]or|[Nn]ach|[Ss]eit|[Mm]it|[Bb]ei|[Vv]on|[Zz]u|[Aa]us", "dative"),
        ("[Hh]ast|[Hh]aben?|[Hh]abt|[Hh]at|[Gg]ibt es|[Ee]s gibt|[Ff]ür|[Oo]hne|noch", "accusative"),
    ),
    minus="minus",
    plus="plus",
    to="bis",
    score="zu",
    point="Punkt",
    dot="Punkt",
    octets_by_digit=True,
    out_of="von",
    fractions={
        2: ("halb", "halbe"),
        3: ("Drittel", "Drittel"),
        4: ("Viertel", "Viertel"),
        5: ("Fünftel", "Fünftel"),
        6: ("Sechstel", "Sechstel"),
        7: ("Siebtel", "Siebtel"),
        8: ("Achtel", "Achtel"),
        9: ("Neuntel", "Neuntel"),
        10: ("Zehntel", "Zehntel"),
    },
    halves=(
        (
            "\\w*(?:tunde|inute|ekunde|asse|eile|Unze|acht|lasche|ackung|Dose|Tafel|Zwiebel|Woche|Gurke|Tonne)",
            "eine halbe {0}",
        ),
        (
            "\\w*(?:[Ll]iter|[Mm]eter|Tag|Monat|Grad|löffel|Becher|Apfel|Zoll|Fuß|Euro|Cent|Dollar)(?!\\w)",
            "ein halber {0}",
        ),
        ("\\w*(?:ramm|Pfund|Glas|Kilo|Jahr|Brot|Prozent|Dutzend|Hähnchen|Päckchen)(?!\\w)", "ein halbes {0}"),
    ),
    and_half="{0}einhalb",
    and_fraction="{0} {1}",
    ordinal_words=(
        ("[Ii]m|[Aa]m|[Dd]em|[Dd]en|[Vv]om|[Zz]um|[Zz]ur|[Bb]eim|[Dd]es", "n"),
        ("[Dd]er|[Dd]ie|[Dd]as", "e"),
        ("[Ee]in|[Jj]eder", "r"),
    ),
    year_after="Jahr|[Ww]urden?|[Aa]us|[Ii]n|[Bb]is|[Nn]ach|[Vv]or|[Ss]eit|[Vv]on|[Jj]ahre|Sommer|Winter|Frühling|Frühjahr|Herbst|[Aa]b",
    code_after="Code|PIN|Pin|Passwort|Kennwort|Durchwahl|Seriennummer|Notruf|Zugangscode",
    version_after="Version|Release|Core|Assistant|OS|Firmware|Update",
    number_signs="Nr\\.|No\\.",
    number_word="Nummer",
    roman_after="Kapitel|Teil|Band|Akt|Buch|Weltkrieg|Abschnitt|Phase|Artikel",
    roman_names=(
        "Elisabeth|Heinrich|Ludwig|Karl|Georg|Wilhelm|Friedrich|Otto|Katharina|Nikolaus|Alexander|"
        "Benedikt|Johannes Paul|Pius|Leo|Napoleon|Peter"
    ),
    roman_form="e",
    roman_stop="\\.?",
    roman_article="der",
    units={
        "watt-hour": ("Wattstunde", "Wattstunden"),
        "megawatt-hour": ("Megawattstunde", "Megawattstunden"),
        "gigawatt-hour": ("Gigawattstunde", "Gigawattstunden"),
        "volt-ampere": ("Voltampere", "Voltampere"),
        "kilovolt-ampere": ("Kilovoltampere", "Kilovoltampere"),
        "millivolt": ("Millivolt", "Millivolt"),
        "kilovolt": ("Kilovolt", "Kilovolt"),
        "milliampere-hour": ("Milliamperestunde", "Milliamperestunden"),
        "ampere-hour": ("Amperestunde", "Amperestunden"),
        "decibel": ("Dezibel", "Dezibel"),
        "decibel-milliwatt": ("dBm", "dBm"),
        "psi": ("P S I", "P S I"),
        "rpm": ("Umdrehung pro Minute", "Umdrehungen pro Minute"),
        "btu": ("B T U", "B T U"),
        "permillion": ("ppm", "ppm"),
        "portion-per-1e9": ("ppb", "ppb"),
        "megajoule": ("Megajoule", "Megajoule"),
    },
    feminine_units=_FEMININE,
    masculine_form="masculine",
    feminine_form="feminine",
    per="pro",
    before_unit="je|jede|eine|einer|der|die|das|ein",
    currencies={
        "USD": Currency("Dollar", "Dollar", "Cent", "Cent", "masculine", "masculine"),
        "EUR": Currency("Euro", "Euro", "Cent", "Cent", "masculine", "masculine"),
        "GBP": Currency("Pfund", "Pfund", "Penny", "Pence", "masculine", "masculine"),
        "JPY": Currency("Yen", "Yen", form="masculine"),
        "CHF": Currency("Schweizer Franken", "Schweizer Franken", "Rappen", "Rappen", "masculine", "masculine"),
        "INR": Currency("Rupie", "Rupien", "Paisa", "Paise", "feminine", "feminine"),
    },
    says_cents=False,
    million_form="feminine",
    millions={
        "Tsd.": "Tausend",
        "Mio.": "Millionen",
        "Mrd.": "Milliarden",
        "Tausend": "Tausend",
        "tausend": "tausend",
        "Million": "Million",
        "Millionen": "Millionen",
        "Milliarde": "Milliarde",
        "Milliarden": "Milliarden",
    },
    symbols={
        "Min.": "minute",
        "Std.": "hour",
        "Sek.": "second",
        "Min": "minute",
        "Std": "hour",
        "Sek": "second",
        "min.": "minute",
        "std.": "hour",
        "sek.": "second",
        "TL": "teaspoon",
        "EL": "tablespoon",
    },
    clock=_clock,
    hour_marks="Uhr|h",
    hour_form="masculine",
    bare_hour_marks="Uhr",
    half_day="(?:[AP]M|pm|[ap]\\.m)",
    dotted_clock=True,
    at="um",
    duration_and="und",
    date="{day} {month}",
    date_with_year="{day} {month} {year}",
    ordinal_days=True,
    day_form="r",
    day_forms=(
        (r"\b[Aa]m (?:\w+tag|Mittwoch|Sonnabend),? $", "n"),
        (
            r"(?:[Aa]m|[Vv]om|[Zz]um|[Bb]eim|[Ii]m|[Dd]em|[Dd]en|[Dd]es|[Bb]is|[Aa]b|[Ss]eit|[Nn]ach|[Vv]or|und|auf)\s$",
            "n",
        ),
        (r"(?:[Dd]er|[Dd]ie)\s$", "e"),
    ),
    month_names={"Jän": 1, "Jänner": 1, "Mrz": 3, "Sep": 9, "Jun": 6, "Jul": 7},
    abbreviations={
        "z. B.": "zum Beispiel",
        "z.B.": "zum Beispiel",
        "d. h.": "das heißt",
        "d.h.": "das heißt",
        "Mio.": "Millionen",
        "Mrd.": "Milliarden",
        "Tsd.": "Tausend",
        "usw.": "und so weiter",
        "u. a.": "unter anderem",
        "u.a.": "unter anderem",
        "ca.": "circa",
        "bzw.": "beziehungsweise",
        "Str.": "Straße",
        "evtl.": "eventuell",
        "ggf.": "gegebenenfalls",
        "inkl.": "inklusive",
        "exkl.": "exklusive",
        "etc.": "et cetera",
        "vgl.": "vergleiche",
        "Tel.": "Telefon",
        "max.": "maximal",
        "min.": "minimal",
        "o. Ä.": "oder Ähnliches",
        "u. U.": "unter Umständen",
        "Temp.": "Temperatur",
        "vs.": "gegen",
        "sog.": "sogenannte",
        "CO2": "C O zwei",
        "CO₂": "C O zwei",
        "PM2.5": "P M zwei Komma fünf",
        "PM2,5": "P M zwei Komma fünf",
        "PM10": "P M zehn",
        "NO2": "N O zwei",
        "24/7": "vierundzwanzig sieben",
    },
    suffixes={"str.": "straße"},
    titles={"Fr.": "Frau", "Hr.": "Herr", "Hrn.": "Herrn", "Dr.": "Doktor", "Prof.": "Professor", "St.": "Sankt"},
    words={
        "&": "und",
        "@": "ät",
        "+": "plus",
        "=": "gleich",
        "×": "mal",
        "÷": "geteilt durch",
        "<": "kleiner als",
        ">": "größer als",
        "≤": "höchstens",
        "≥": "mindestens",
        "~": "etwa",
        "±": "plus minus",
        "≈": "etwa",
        "→": "nach",
        "§": "Paragraph",
        "v": "Version",
        "x": "mal",
        "−": "minus",
        "times": "mal",
        ".": "Punkt",
        "_": "Unterstrich",
    },
)
