"""French."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    words = f"{cardinal(hour, 'feminine')} {'heure' if hour < 2 else 'heures'}"
    if minute:
        words = f"{words} {cardinal(minute, 'feminine')}"
    if half == "am":
        return f"{words} du matin"
    if half == "pm":
        return f"{words} {'de l’après-midi' if hour < 6 or hour == 12 else 'du soir'}"
    return words


_FEMININE = (
    "^(?:heures?|minutes?|(?:milli|micro)?secondes?|livres?|onces?|tonnes?|semaines?|part(?:ie)?s?|"
    "calories?|kilocalories?|candelas?)(?: |$)"
)

LANGUAGE = Language(
    code="fr",
    cardinals={"": "spellout-cardinal-masculine", "feminine": "spellout-cardinal-feminine"},
    ordinals={"": "spellout-ordinal-masculine", "feminine": "spellout-ordinal-feminine"},
    corrections=(("quatre-vingt-et-", "quatre-vingt-"), ("-et-", " et ")),
    decimal_words={",": "virgule", ".": "virgule"},
    decimals_as_number=True,
    groups_with_space=True,
    before_noun=(
        (
            r"[\xa0 ](?:lampes?|lumières?|portes?|fenêtres?|pièces?|ampoules?|alarmes?|notifications?|"
            r"personnes?|fois|chambres?|prises?|"
            r"semaines?|années?|journées?|heures?|minutes?|secondes?|livres?|tonnes?|caméras?|voitures?|pages?|chansons?|machines?|"
            r"tâches?|minuteries?|mises?|automatisations?|scènes?|zones?|maisons?|chaînes?|erreurs?|piles?|batteries?|places?|nuits?)(?!\w)",
            "feminine",
        ),
    ),
    after_million="de",
    elides=True,
    minus="moins",
    plus="plus",
    to="à",
    to_days="à|au",
    score="à",
    point="point",
    dot="point",
    out_of="sur",
    fractions={
        2: ("demi", "demis"),
        3: ("tiers", "tiers"),
        4: ("quart", "quarts"),
        5: ("cinquième", "cinquièmes"),
        6: ("sixième", "sixièmes"),
        7: ("septième", "septièmes"),
        8: ("huitième", "huitièmes"),
        9: ("neuvième", "neuvièmes"),
        10: ("dixième", "dixièmes"),
    },
    halves=(
        ("(?:heure|livre|tasse|tonne|once|bouteille|douzaine|finale|journée|pomme|baguette)s?(?!\\w)", "une demi-{0}"),
        (
            "(?:litre|(?:kilo|centi)?mètre|kilo(?:gramme)?|degré|verre|paquet|oignon|citron|point)s?(?!\\w)",
            "un demi-{0}",
        ),
    ),
    wholes_and_half=(
        (
            "(?:heure|minute|seconde|livre|tasse|tonne|once|bouteille|douzaine|journée|année|semaine)s?(?!\\w)",
            "{0} {1} et demie",
            "feminine",
        ),
        (
            "(?:litre|(?:kilo|centi)?mètre|kilo(?:gramme)?|degré|verre|paquet|jour|an|mois|point)s?(?!\\w)",
            "{0} {1} et demi",
            "",
        ),
    ),
    and_half="{0} et demi",
    and_fraction="{0} et {1}",
    ordinal_marks=(
        ("er|ers", ""),
        ("re|ère|res", "feminine"),
        ("nde|ndes", "feminine"),
        ("e|è|ème|ième|eme|nd|es|èmes|ᵉ", ""),
    ),
    code_after="code|Code|PIN|mot de passe|composez le|poste|numéro de série",
    version_after="version|Version|Core|Assistant|OS|firmware|Firmware",
    number_signs="n°|N°|nº|Nº|no\\.|No\\.",
    number_word="numéro",
    roman_after="[Cc]hapitre|[Pp]artie|[Tt]ome|[Vv]olume|[Aa]cte|[Ll]ivre|[Ss]ection|[Pp]hase|[Tt]itre|[Aa]rticle",
    roman_mark="er|e|ème|ᵉ",
    roman_form="cardinal",
    roman_names=(
        "Élisabeth|Elisabeth|Henri|Louis|Charles|Georges?|Édouard|Guillaume|Jacques|Richard|Philippe|"
        "Frédéric|Catherine|Nicolas|Alexandre|Benoît|Jean-Paul|Jean Paul|Pie|Léon|Napoléon|François"
    ),
    units={
        "watt-hour": ("wattheure", "wattheures"),
        "kilowatt-hour": ("kilowattheure", "kilowattheures"),
        "megawatt-hour": ("mégawattheure", "mégawattheures"),
        "gigawatt-hour": ("gigawattheure", "gigawattheures"),
        "volt-ampere": ("voltampère", "voltampères"),
        "kilovolt-ampere": ("kilovoltampère", "kilovoltampères"),
        "millivolt": ("millivolt", "millivolts"),
        "kilovolt": ("kilovolt", "kilovolts"),
        "milliampere-hour": ("milliampère-heure", "milliampères-heure"),
        "ampere-hour": ("ampère-heure", "ampères-heure"),
        "decibel": ("décibel", "décibels"),
        "decibel-milliwatt": ("dBm", "dBm"),
        "psi": ("P S I", "P S I"),
        "rpm": ("tour par minute", "tours par minute"),
        "btu": ("B T U", "B T U"),
        "permillion": ("partie par million", "parties par million"),
        "bar": ("bar", "bars"),
        "kilometer-per-hour": ("kilomètre heure", "kilomètres heure"),
        "mile-per-hour": ("mile à l’heure", "miles à l’heure"),
        "megajoule": ("mégajoule", "mégajoules"),
    },
    feminine_units=_FEMININE,
    feminine_form="feminine",
    per="par",
    before_unit="le|du|un|au|chaque",
    currencies={
        "USD": Currency("dollar", "dollars", "cent", "cents"),
        "EUR": Currency("euro", "euros", "centime", "centimes"),
        "GBP": Currency("livre", "livres", "penny", "pence", "feminine"),
        "JPY": Currency("yen", "yens"),
        "CHF": Currency("franc suisse", "francs suisses", "centime", "centimes"),
        "INR": Currency("roupie", "roupies", "paisa", "paisas", "feminine"),
    },
    says_cents=False,
    millions={
        "mille": "mille",
        "million": "million",
        "millions": "millions",
        "milliard": "milliard",
        "milliards": "milliards",
        "M": "millions",
        "k": "mille",
    },
    clock=_clock,
    hour_form="feminine",
    hour_marks="heures|heure|h(?! ?[0-9])",
    hour_letter=True,
    at="à",
    date_after="[Ll]e|[Dd]u|[Aa]u|depuis le",
    duration_and="et",
    date="{day} {month}",
    date_with_year="{day} {month} {year}",
    first_day="premier",
    month_names={"fév": 2, "fev": 2, "aout": 8, "sep": 9, "juill": 7, "dec": 12},
    abbreviations={
        "p. ex.": "par exemple",
        "p.ex.": "par exemple",
        "par ex.": "par exemple",
        "c.-à-d.": "c’est-à-dire",
        "etc.": "et cetera",
        "env.": "environ",
        "max.": "maximum",
        "min.": "minimum",
        "temp.": "température",
        "tél.": "téléphone",
        "Tél.": "Téléphone",
        "av.": "avenue",
        "Av.": "Avenue",
        "bd": "boulevard",
        "Bd": "Boulevard",
        "bd.": "boulevard",
        "St-": "Saint-",
        "Ste-": "Sainte-",
        "vs.": "contre",
        "vs": "contre",
        "CO2": "C O deux",
        "CO₂": "C O deux",
        "PM2.5": "P M deux virgule cinq",
        "PM2,5": "P M deux virgule cinq",
        "PM10": "P M dix",
        "NO2": "N O deux",
        "24/7": "vingt-quatre heures sur vingt-quatre",
        "24h/24": "vingt-quatre heures sur vingt-quatre",
        "7j/7": "sept jours sur sept",
    },
    titles={
        "M.": "Monsieur",
        "MM.": "Messieurs",
        "Mme": "Madame",
        "Mmes": "Mesdames",
        "Mlle": "Mademoiselle",
        "Dr": "Docteur",
        "Dr.": "Docteur",
        "Pr": "Professeur",
        "Me": "Maître",
    },
    words={
        "&": "et",
        "@": "arobase",
        "+": "plus",
        "=": "égale",
        "×": "fois",
        "÷": "divisé par",
        "<": "inférieur à",
        ">": "supérieur à",
        "≤": "au plus",
        "≥": "au moins",
        "~": "environ",
        "±": "plus ou moins",
        "≈": "environ",
        "→": "vers",
        "§": "paragraphe",
        "v": "version",
        "x": "par",
        "−": "moins",
        "times": "fois",
        ".": "point",
        "_": "tiret bas",
    },
    regions={"BE": {"corrections": (("-et-", " et "),)}, "CH": {"corrections": (("-et-", " et "),)}},
)
