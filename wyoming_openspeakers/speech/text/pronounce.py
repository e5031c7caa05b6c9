"""Words that are said differently from how they are written: a dictionary of respellings for any engine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import yaml

_ANY = "*"
_TAG = re.compile(r"\*|[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class Pronunciations:
    """Respellings of words and phrases by language tag, `*` for every language.

    The entries of `en-GB` go before those of `en`, and those before `*`. An entry in lower case matches any case, an
    entry with capitals only exactly that. The longest match wins. What a respelling puts in is not respelled again.
    """

    def __init__(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        self._entries: dict[str, dict[str, str]] = {}
        for language, words in entries.items():
            self._entries.setdefault(_tag(language), {}).update({_one_blank(word): words[word] for word in words})
        self._respellers: dict[tuple[str, ...], _Respeller] = {}

    @classmethod
    def from_mapping(cls, entries: Mapping[str, Mapping[str, str]]) -> Pronunciations:
        """Take respellings by language and word; raises ValueError when something else is in there."""
        return cls(_checked(entries))

    @classmethod
    def from_file(cls, path: Path) -> Pronunciations:
        """Read a YAML or JSON file of the mapping, or any other file as lines of `word: respelling`.

        In such lines `[en]` begins a language and `#` a comment. Raises ValueError, which names file and line.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError(f"{path}: not a UTF-8 text file") from None
        if path.suffix.lower() not in (".yaml", ".yml", ".json"):
            return cls(_read_lines(text, path))
        try:
            return cls(_checked(yaml.safe_load(text) or {}))
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ValueError(f"{path}:{line}: {error.problem or error.context or 'not valid YAML'}") from None
        except (yaml.YAMLError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from None

    def __or__(self, other: Pronunciations) -> Pronunciations:
        """Both dictionaries as one; the other's entries win."""
        languages = self._entries.keys() | other._entries.keys()
        return Pronunciations(
            {name: {**self._entries.get(name, {}), **other._entries.get(name, {})} for name in languages}
        )

    def apply(self, text: str, language: str) -> str:
        """Respell a text in a language."""
        tags = tuple(tag for tag in _chain(language) if tag in self._entries)
        if not tags:
            return text
        respeller = self._respellers.get(tags)
        if respeller is None:
            respeller = self._respellers[tags] = _Respeller([self._entries[tag] for tag in tags])
        return respeller.apply(text)


class _Respeller:
    """The entries that hold for one language, those that go first in front, and one pattern for them all."""

    def __init__(self, layers: list[dict[str, str]]) -> None:
        self._layers = layers
        words = sorted({word for layer in layers for word in layer}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, words)) or r"(?!)")

    def apply(self, text: str) -> str:
        return self._pattern.sub(self._respell, text)

    def _respell(self, match: re.Match[str]) -> str:
        found = match.group()
        around = match.string[max(match.start() - 1, 0) : match.start()] + match.string[match.end() : match.end() + 1]
        if any(unicodedata.category(character).startswith("M") for character in around):
            return found
        exact = _one_blank(found)
        for layer in self._layers:
            said = layer.get(exact, layer.get(exact.lower()))
            if said is not None:
                return said
        return found


def _pattern(word: str) -> str:
    body = r"\s+".join(map(re.escape, word.split()))
    if word == word.lower():
        body = f"(?i:{body})"
    return (r"(?<!\w)" if _needs_edge(word[0]) else "") + body + (r"(?!\w)" if _needs_edge(word[-1]) else "")


def _needs_edge(character: str) -> bool:
    """Whether a word may not go on past this character; scripts without blanks between words have no such edge."""
    return character.isalnum() and not _UNSPACED.match(character)


def _chain(language: str) -> list[str]:
    parts = _tag(language).split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)] + [_ANY]


def _tag(language: str) -> str:
    return language.strip().replace("_", "-").lower()


def _one_blank(word: str) -> str:
    return " ".join(word.split())


def _checked(entries: object) -> dict[str, dict[str, str]]:
    if not isinstance(entries, Mapping):
        raise ValueError("respellings must be given by language, '*' for all of them")
    for language, words in entries.items():
        if not isinstance(language, str) or not _TAG.fullmatch(language):
            raise ValueError(f"{language!r} is not a language tag; quote it, or use '*' for all languages")
        if not isinstance(words, Mapping):
            raise ValueError(f"{language}: must hold words and their respellings")
        for word, said in words.items():
            if not isinstance(word, str) or not isinstance(said, str):
                raise ValueError(f"{language}: {word!r}: {said!r}: a word and its respelling must be text; quote them")
            if not word.strip():
                raise ValueError(f"{language}: a word is empty")
    return {language: dict(words) for language, words in entries.items()}


def _read_lines(text: str, path: Path) -> dict[str, dict[str, str]]:
    entries: dict[str, dict[str, str]] = {}
    language = _ANY
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            language = line[1:-1].strip()
            if not _TAG.fullmatch(language):
                raise ValueError(f"{path}:{number}: {language!r} is not a language tag")
            continue
        word, colon, said = line.partition(":")
        if not colon or not word.strip():
            raise ValueError(f"{path}:{number}: expected 'word: respelling'")
        entries.setdefault(language, {})[word.strip()] = said.strip()
    return entries
