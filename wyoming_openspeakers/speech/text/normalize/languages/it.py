"""Italian."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    words = cardinal(hour, "feminine")
    return f"{words} e {cardinal(minute, '')}" if minute else words


_STOP = (
    "e|o|ed|ad|a|da|di|del|della|in|al|alla|il|la|lo|le|i|gli|per|con|senza|che|più|meno|se|si|sono|è|come|quando|tra|fra|"
    "fino|non|già|era|ora|oggi|adesso"
)

LANGUAGE = Language(
    code="it",
    cardinals={
        "": "spellout-numbering",
        "masculine": "spellout-cardinal-masculine",
        "feminine": "spellout-cardinal-feminine",
    },
    ordinals={"": "spellout-ordinal-masculine", "feminine": "spellout-ordinal-feminine"},
    corrections=(("tuno", "tun"), ("tun", "tuno")),
    decimal_words={",": "virgola", ".": "virgola"},
    decimals_as_number=True,
    before_noun=(
        (rf"[\xa0 ](?:{_STOP})(?!\w)", ""),
        (r"[\xa0 ](?:problema|sistema|programma|clima|tema)(?!\w)", "masculine"),
        (r"[\xa0 ](?:[a-zàèéìòù]+(?:a|ione|tà)|luce|notte|chiave|email|e-mail)(?!\w)", "feminine"),
        (r"[\xa0 ][a-zàèéìòù]{3,}", "masculine"),
    ),
    after_million="di",
    minus="meno",
    plus="più",
    to="a",
    score="a",
    point="punto",
    dot="punto",
    out_of="su",
    fractions={
        2: ("mezzo", "mezzi"),
        3: ("terzo", "terzi"),
        4: ("quarto", "quarti"),
        5: ("quinto", "quinti"),
        6: ("sesto", "sesti"),
        8: ("ottavo", "ottavi"),
        10: ("decimo", "decimi"),
    },
    halves=(
        ("(?:ora|tazza|bottiglia|libbra|dozzina|giornata|cipolla|mela)(?!\\w)", "mezza {0}"),
        (
            "(?:litr[oi]|(?:kilo|chilo|centi)?metr[oi]|chil[oi]|chilogramm[oi]|bicchiere|minuto|grado|limone)(?!\\w)",
            "mezzo {0}",
        ),
    ),
    and_half="{0} e mezzo",
    and_fraction="{0} e {1}",
    ordinal_marks=(("[º°](?![ \xa0]?[CF])", ""), ("ª", "feminine")),
    code_after="codice|Codice|PIN|password|numero di serie",
    version_after="versione|Versione|Core|Assistant|OS|firmware|Firmware",
    number_signs="n\\.|N\\.|n°|N°|nº",
    number_word="numero",
    units={
        "watt-hour": ("wattora", "wattora"),
        "kilowatt-hour": ("chilowattora", "chilowattora"),
        "megawatt-hour": ("megawattora", "megawattora"),
        "permillion": ("parte per milione", "parti per milione"),
        "decibel": ("decibel", "decibel"),
    },
    feminine_units="^(?:or[ae]|miglia|libbr[ae]|once|oncia|tonnellat[ae]|part[ei]|settiman[ae]|calori[ae])(?: |$)",
    masculine_form="masculine",
    feminine_form="feminine",
    per="per",
    before_unit="il|al|del|un|ogni",
    currencies={
        "EUR": Currency("euro", "euro", "centesimo", "centesimi", "masculine", "masculine"),
        "USD": Currency("dollaro", "dollari", "centesimo", "centesimi", "masculine", "masculine"),
        "GBP": Currency("sterlina", "sterline", "penny", "pence", "feminine", "masculine"),
        "CHF": Currency("franco svizzero", "franchi svizzeri", "centesimo", "centesimi", "masculine", "masculine"),
    },
    and_cents="e",
    millions={
        "mila": "mila",
        "milione": "milione",
        "milioni": "milioni",
        "miliardo": "miliardo",
        "miliardi": "miliardi",
    },
    clock=_clock,
    hour_form="feminine",
    dotted_clock=False,
    at="alle",
    duration_and="e",
    date="{day} {month}",
    date_with_year="{day} {month} {year}",
    date_after="[Ii]l|[Dd]al|[Aa]l|[Dd]el",
    first_day="primo",
    to_days="al?",
    abbreviations={
        "ecc.": "eccetera",
        "p. es.": "per esempio",
        "es.": "esempio",
        "ca.": "circa",
        "max.": "massimo",
        "min.": "minimo",
        "tel.": "telefono",
        "CO2": "C O due",
        "CO₂": "C O due",
    },
    titles={"Sig.": "Signor", "Sig.ra": "Signora", "Dott.": "Dottor", "Dott.ssa": "Dottoressa", "Prof.": "Professor"},
    words={
        "&": "e",
        "@": "chiocciola",
        "+": "più",
        "=": "uguale a",
        "×": "per",
        "÷": "diviso",
        "<": "minore di",
        ">": "maggiore di",
        "≤": "al massimo",
        "≥": "almeno",
        "~": "circa",
        "±": "più o meno",
        "≈": "circa",
        "→": "a",
        "§": "paragrafo",
        "v": "versione",
        "x": "per",
        "−": "meno",
        "times": "volte",
        ".": "punto",
        "_": "trattino basso",
    },
)
