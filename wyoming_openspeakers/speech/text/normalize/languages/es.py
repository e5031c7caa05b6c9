"""Spanish."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    words = cardinal(hour, "feminine")
    if minute == 0:
        words = words if 0 < hour <= 12 else f"{words} horas"
    elif 0 < hour <= 12:
        words = f"{words} y { {15: 'cuarto', 30: 'media'}.get(minute) or cardinal(minute, '') }"
    else:
        zero = f"{cardinal(0, '')} " if minute < 10 else ""
        words = f"{words} {zero}{cardinal(minute, '')}"
    if half == "am":
        return f"{words} de la mañana"
    if half == "pm":
        return f"{words} {'de la tarde' if hour < 8 or hour == 12 else 'de la noche'}"
    return words


_POINT = {"decimal_words": {".": "punto", ",": "punto"}, "first_day": "primero"}
_COMMA = {"first_day": "primero"}
_STOP = (
    "y|o|u|a|e|de|del|en|es|al|el|la|los|las|por|para|con|sin|que|más|menos|si|se|son|está|están|"
    "como|cuando|entre|hasta|desde|llega|queda|falta|termina|empieza|acaba|marca|cuesta|tarda|no|ya|era|fue|hoy|ahora"
)

LANGUAGE = Language(
    code="es",
    cardinals={
        "": "spellout-numbering",
        "masculine": "spellout-cardinal-masculine",
        "feminine": "spellout-cardinal-feminine",
    },
    ordinals={
        "": "spellout-ordinal-masculine",
        "feminine": "spellout-ordinal-feminine",
        "adjective": "spellout-ordinal-masculine-adjective",
    },
    decimal_words={",": "coma", ".": "coma"},
    decimals_as_number=True,
    groups_with_space=True,
    before_noun=(
        (rf"[\xa0 ](?:{_STOP})(?!\w)", ""),
        (r"[\xa0 ](?:días?|programas?|problemas?|sistemas?|mapas?|climas?|temas?|idiomas?)(?!\w)", "masculine"),
        (
            r"[\xa0 ](?:[a-záéíóúñü]+(?:as?|ción|ciones|sión|siones|dad|dades)|luz|luces|noches?|veces|vez|"
            r"llaves?|imagen|imágenes)(?!\w)",
            "feminine",
        ),
        (r"[\xa0 ][a-záéíóúñü]{3,}", "masculine"),
    ),
    after_million="de",
    minus="menos",
    plus="más",
    to="a",
    to_days="al?",
    score="a",
    point="punto",
    dot="punto",
    out_of="de",
    fractions={
        2: ("medio", "medios"),
        3: ("tercio", "tercios"),
        4: ("cuarto", "cuartos"),
        5: ("quinto", "quintos"),
        6: ("sexto", "sextos"),
        7: ("séptimo", "séptimos"),
        8: ("octavo", "octavos"),
        9: ("noveno", "novenos"),
        10: ("décimo", "décimos"),
    },
    halves=(
        (
            "(?:hora|taza|libra|docena|cucharada|cucharadita|botella|cebolla|manzana|onza|milla|pulgada|tonelada|"
            "barra|noche|semana)s?(?!\\w)",
            "media {0}",
        ),
        (
            "(?:litro|(?:kiló|centí)?metro|kilo(?:gramo)?|día|vaso|minuto|segundo|grado|limón|paquete|año|mes)s?(?!\\w)",
            "medio {0}",
        ),
    ),
    wholes_and_half=(
        (
            "(?:hora|taza|libra|docena|cucharada|cucharadita|botella|onza|milla|pulgada|tonelada|semana)s?(?!\\w)",
            "{0} {1} y media",
            "feminine",
        ),
        (
            "(?:litro|(?:kiló|centí)?metro|kilo(?:gramo)?|día|vaso|minuto|segundo|grado|paquete|año|mes(?:es)?)s?(?!\\w)",
            "{0} {1} y medio",
            "masculine",
        ),
    ),
    and_half="{0} y medio",
    and_fraction="{0} y {1}",
    ordinal_marks=(("\\.?º|\\.?os|o(?![\\w.])", ""), ("\\.?ª|\\.?as|a(?![\\w.])", "feminine"), ("\\.?er", "adjective")),
    code_after="código|Código|PIN|contraseña|clave|marque el|número de serie",
    phones=(
        "[6-9][0-9]{2}(?: [0-9]{2}){3}|[6-9][0-9]{2}(?: [0-9]{3}){2}"
        "(?! ?[€$%°]| (?:de )?(?:euros|dólares|pesos|habitantes))|[0-9]{2}(?: [0-9]{4}){2}"
    ),
    version_after="versión|Versión|Core|Assistant|OS|firmware|Firmware",
    number_signs="N\\.º|n\\.º|Nº|nº|N°|n°|No\\.|Núm\\.|núm\\.",
    number_word="número",
    roman_after="[Cc]apítulo|[Pp]arte|[Tt]omo|[Vv]olumen|[Aa]cto|[Ll]ibro|[Ss]ección|[Ff]ase|[Tt]ítulo|[Aa]rtículo|[Ss]iglo",
    roman_names=(
        "Isabel|Enrique|Luis|Carlos|Jorge|Eduardo|Guillermo|Jacobo|Ricardo|Felipe|Federico|Catalina|"
        "Nicolás|Alejandro|Benedicto|Juan Pablo|Pío|León|Napoleón|Alfonso|Fernando"
    ),
    roman_ordinals_to=10,
    units={
        "watt-hour": ("vatio hora", "vatios hora"),
        "megawatt-hour": ("megavatio hora", "megavatios hora"),
        "gigawatt-hour": ("gigavatio hora", "gigavatios hora"),
        "volt-ampere": ("voltiamperio", "voltiamperios"),
        "kilovolt-ampere": ("kilovoltiamperio", "kilovoltiamperios"),
        "millivolt": ("milivoltio", "milivoltios"),
        "kilovolt": ("kilovoltio", "kilovoltios"),
        "milliampere-hour": ("miliamperio hora", "miliamperios hora"),
        "ampere-hour": ("amperio hora", "amperios hora"),
        "decibel": ("decibelio", "decibelios"),
        "decibel-milliwatt": ("dBm", "dBm"),
        "psi": ("P S I", "P S I"),
        "lux": ("lux", "lux"),
        "rpm": ("revolución por minuto", "revoluciones por minuto"),
        "btu": ("B T U", "B T U"),
        "portion-per-1e9": ("parte por mil millones", "partes por mil millones"),
        "megajoule": ("megajulio", "megajulios"),
    },
    feminine_units=(
        "^(?:horas?|millas?|libras?|onzas?|pulgadas?|yardas?|toneladas?|partes?|revolución|revoluciones|"
        "hectáreas?|(?:kilo)?calorías?|candelas?|semanas?)(?: |$)"
    ),
    masculine_form="masculine",
    feminine_form="feminine",
    per="por",
    before_unit="el|del|un|al|cada",
    currencies={
        "USD": Currency("dólar", "dólares", "centavo", "centavos", "masculine", "masculine"),
        "EUR": Currency("euro", "euros", "céntimo", "céntimos", "masculine", "masculine"),
        "GBP": Currency("libra", "libras", "penique", "peniques", "feminine", "masculine"),
        "JPY": Currency("yen", "yenes", form="masculine"),
        "CHF": Currency("franco suizo", "francos suizos", "céntimo", "céntimos", "masculine", "masculine"),
        "INR": Currency("rupia", "rupias", "paisa", "paisas", "feminine", "feminine"),
    },
    and_cents="con",
    says_cents=True,
    million_form="masculine",
    millions={
        "mil": "mil",
        "millón": "millón",
        "millones": "millones",
        "billón": "billón",
        "billones": "billones",
        "M": "millones",
        "k": "mil",
    },
    clock=_clock,
    hour_form="feminine",
    hour_marks="horas|hrs\\.|hs|h",
    at="a las",
    date_after="[Ee]l|[Dd]el|[Aa]l|[Dd]esde|[Hh]asta",
    duration_and="y",
    date="{day} de {month}",
    date_with_year="{day} de {month} de {year}",
    month_names={"sep": 9, "set": 9, "setiembre": 9},
    before_year=" de ",
    of="de|del",
    abbreviations={
        "p. ej.": "por ejemplo",
        "p.ej.": "por ejemplo",
        "etc.": "etcétera",
        "aprox.": "aproximadamente",
        "EE. UU.": "Estados Unidos",
        "EE.UU.": "Estados Unidos",
        "EEUU": "Estados Unidos",
        "máx.": "máximo",
        "mín.": "mínimo",
        "temp.": "temperatura",
        "tel.": "teléfono",
        "Tel.": "Teléfono",
        "Avda.": "Avenida",
        "Av.": "Avenida",
        "pág.": "página",
        "vs.": "contra",
        "CO2": "C O dos",
        "CO₂": "C O dos",
        "PM2.5": "P M dos coma cinco",
        "PM2,5": "P M dos coma cinco",
        "PM10": "P M diez",
        "NO2": "N O dos",
        "24/7": "veinticuatro siete",
        "Ud.": "usted",
        "Uds.": "ustedes",
    },
    titles={
        "Sr.": "Señor",
        "Sra.": "Señora",
        "Srta.": "Señorita",
        "Sres.": "Señores",
        "Dr.": "Doctor",
        "Dra.": "Doctora",
        "D.": "Don",
        "Dña.": "Doña",
        "Prof.": "Profesor",
        "Sta.": "Santa",
        "Sto.": "Santo",
    },
    words={
        "&": "y",
        "@": "arroba",
        "+": "más",
        "=": "igual a",
        "×": "por",
        "÷": "entre",
        "<": "menor que",
        ">": "mayor que",
        "≤": "como máximo",
        "≥": "como mínimo",
        "~": "unos",
        "±": "más o menos",
        "≈": "unos",
        "→": "a",
        "§": "párrafo",
        "v": "versión",
        "x": "por",
        "−": "menos",
        "times": "veces",
        ".": "punto",
        "_": "guion bajo",
    },
    regions={
        "ES": {},
        "AR": _COMMA,
        "CL": _COMMA,
        "CO": _COMMA,
        "UY": _COMMA,
        "VE": _COMMA,
        "EC": _COMMA,
        "BO": _COMMA,
        "PY": _COMMA,
        "CR": _COMMA,
        "*": _POINT,
    },
)
