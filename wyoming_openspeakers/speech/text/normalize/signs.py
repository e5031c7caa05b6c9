"""Signs between and before numbers and words: 2+2=4, ~20, #5, §, &, and mail addresses."""

from __future__ import annotations

import re

from .rule import Rule, rule
from .speech import Speech


def rules(speech: Speech) -> list[Rule]:
    """Rules for signs that the language has words for."""
    language = speech.language
    words = language.words
    found: list[Rule] = []
    if language.number_word:
        found.append(rule(r"(?<![\w&#])(?:#|№ ?)(?=[0-9]{1,5}(?!\w))", lambda _: f"{language.number_word} ", "#№"))
        capital = language.number_word[0].upper() + language.number_word[1:]
        found.append(
            rule(
                rf"(?<!\w)(?P<sign>{language.number_signs})[\xa0 ]?(?=[0-9])",
                lambda match: f"{capital if match['sign'][0].isupper() else language.number_word} ",
            )
        )
    if not words:
        return found

    def between(match: re.Match[str]) -> str | None:
        word = words.get(match["sign"])
        return f" {word} " if word else None

    def before(match: re.Match[str]) -> str | None:
        word = words.get(match["sign"])
        return f"{word} " if word else None

    def mail(match: re.Match[str]) -> str:
        spoken = re.sub(r"[._@]", lambda sign: f" {words[sign[0]]} ", match[0])
        return spoken.strip()

    found += [
        rule(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++", mail, "@"),
        rule(r"(?<=[0-9]) ?(?P<sign>[+=×÷<>≤≥x±]) ?(?=[-−]?[0-9])", between, "+=×÷<>≤≥x±"),
        rule(
            r"(?P<side>[0-9] ?(?:[ckm]?m|ft|in)) ?[x×] ?(?=[0-9])", lambda match: f"{match['side']} {words['x']} ", "x×"
        ),
        rule(
            r"(?<=[0-9]) (?P<sign>[−-]) (?=[0-9]{1,12} ?(?:=|" + re.escape(words["="]) + "))",
            lambda _: f" {words['−']} ",
            "-−",
        ),
        rule(r"(?<=[0-9]) ?[x×](?!\w)", lambda _: f" {words['times']}", "x×"),
        rule(r"(?<![\w<>])(?P<sign>[~≈±<>≤≥§])[\xa0 ]?(?=[-−$€£]?[0-9])", before, "~≈±<>≤≥§"),
        rule(r" ?(?P<sign>→) ?", between, "→"),
        rule(r"(?<=[^\s&]) ?(?P<sign>&) ?(?=[^\s&])", between, "&"),
        rule(r"(?<=[^\s@+=]) (?P<sign>[@+=]) (?=[+−-]?[^\s@+=])", between, "@+="),
    ]
    return found
