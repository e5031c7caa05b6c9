"""Portuguese."""

from __future__ import annotations

from ..language import Cardinal, Currency, Language


def _clock(hour: int, minute: int, half: str, cardinal: Cardinal) -> str:
    words = cardinal(hour, "feminine")
    hours = "hora" if hour < 2 else "horas"
    words = f"{words} e {cardinal(minute, '')}" if minute else f"{words} {hours}"
    if half == "am":
        return f"{words} da manhã"
    if half == "pm":
        return f"{words} {'da tarde' if hour < 7 or hour == 12 else 'da noite'}"
    return words


_STOP = (
    "e|ou|a|o|as|os|de|da|do|das|dos|em|na|no|é|ao|por|para|com|sem|que|mais|menos|se|são|está|estão|como|quando|entre|"
    "até|desde|não|já|era|foi|hoje|agora"
)

LANGUAGE = Language(
    code="pt",
    cardinals={
        "": "spellout-cardinal-masculine",
        "masculine": "spellout-cardinal-masculine",
        "feminine": "spellout-cardinal-feminine",
    },
    ordinals={"": "spellout-ordinal-masculine", "feminine": "spellout-ordinal-feminine"},
    decimal_words={",": "vírgula", ".": "vírgula"},
    decimals_as_number=True,
    groups_with_space=True,
    before_noun=(
        (rf"[\xa0 ](?:{_STOP})(?!\w)", ""),
        (r"[\xa0 ](?:dias?|programas?|problemas?|sistemas?|mapas?|climas?|temas?)(?!\w)", "masculine"),
        (
            r"[\xa0 ](?:[a-záâãéêíóôõúç]+(?:as?|ção|ções|dade|dades)|luz|luzes|noites?|vezes|vez|chaves?)(?!\w)",
            "feminine",
        ),
    ),
    after_million="de",
    minus="menos",
    plus="mais",
    to="a",
    score="a",
    point="ponto",
    dot="ponto",
    out_of="de",
    fractions={
        2: ("meio", "meios"),
        3: ("terço", "terços"),
        4: ("quarto", "quartos"),
        5: ("quinto", "quintos"),
        6: ("sexto", "sextos"),
        8: ("oitavo", "oitavos"),
        10: ("décimo", "décimos"),
    },
    halves=(
        ("(?:hora|xícara|chávena|garrafa|libra|dúzia|colher|cebola|maçã)s?(?!\\w)", "meia {0}"),
        (
            "(?:litro|(?:quilô|quiló|centí)?metro|quilo(?:grama)?|dia|copo|minuto|grau|limão|pacote|ano)s?(?!\\w)",
            "meio {0}",
        ),
    ),
    wholes_and_half=(
        ("(?:hora|xícara|chávena|garrafa|libra|dúzia|colher|semana)s?(?!\\w)", "{0} {1} e meia", "feminine"),
        (
            "(?:litro|(?:quilô|quiló|centí)?metro|quilo(?:grama)?|dia|copo|minuto|grau|ano)s?(?!\\w)",
            "{0} {1} e meio",
            "",
        ),
    ),
    and_half="{0} e meio",
    and_fraction="{0} e {1}",
    ordinal_marks=(("\\.?º|o(?![\\w.])", ""), ("\\.?ª", "feminine")),
    code_after="código|Código|PIN|senha|número de série",
    version_after="versão|Versão|Core|Assistant|OS|firmware|Firmware",
    number_signs="N\\.º|n\\.º|Nº|nº|N°|n°",
    number_word="número",
    units={
        "watt-hour": ("watt hora", "watts hora"),
        "kilowatt-hour": ("quilowatt hora", "quilowatts hora"),
        "megawatt-hour": ("megawatt hora", "megawatts hora"),
        "decibel": ("decibel", "decibéis"),
    },
    feminine_units="^(?:horas?|milhas?|libras?|onças?|polegadas?|jardas?|toneladas?|partes?|calorias?|semanas?)(?: |$)",
    masculine_form="masculine",
    feminine_form="feminine",
    per="por",
    before_unit="o|do|um|ao|cada",
    currencies={
        "EUR": Currency("euro", "euros", "cêntimo", "cêntimos"),
        "BRL": Currency("real", "reais", "centavo", "centavos"),
        "USD": Currency("dólar", "dólares", "centavo", "centavos"),
        "GBP": Currency("libra", "libras", "pêni", "pence", "feminine"),
    },
    and_cents="e",
    millions={"mil": "mil", "milhão": "milhão", "milhões": "milhões", "bilhões": "bilhões"},
    clock=_clock,
    hour_form="feminine",
    hour_marks="horas|hrs|h",
    hour_letter=True,
    at="às",
    duration_and="e",
    date="{day} de {month}",
    date_with_year="{day} de {month} de {year}",
    date_after="[Dd]ia|[Ee]m|[Dd]esde|[Aa]té",
    first_day="primeiro",
    before_year=" de ",
    of="de|do",
    abbreviations={
        "p. ex.": "por exemplo",
        "p.ex.": "por exemplo",
        "etc.": "etcétera",
        "aprox.": "aproximadamente",
        "máx.": "máximo",
        "mín.": "mínimo",
        "tel.": "telefone",
        "CO2": "C O dois",
        "CO₂": "C O dois",
    },
    titles={"Sr.": "Senhor", "Sra.": "Senhora", "Dr.": "Doutor", "Dra.": "Doutora", "Prof.": "Professor"},
    words={
        "&": "e",
        "@": "arroba",
        "+": "mais",
        "=": "igual a",
        "×": "vezes",
        "÷": "dividido por",
        "<": "menor que",
        ">": "maior que",
        "≤": "no máximo",
        "≥": "no mínimo",
        "~": "cerca de",
        "±": "mais ou menos",
        "≈": "cerca de",
        "→": "para",
        "§": "parágrafo",
        "v": "versão",
        "x": "por",
        "−": "menos",
        "times": "vezes",
        ".": "ponto",
        "_": "sublinhado",
    },
)
