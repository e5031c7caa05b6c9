"""The sounds of a word, as far as its letters tell: coarse classes that hold in most languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPELLINGS = {
    "tion": "SEN", "sion": "SEN", "ough": "O", "augh": "O", "eigh": "E", "igh": "A", "tch": "PS", "sch": "S",
    "ck": "P", "ch": "S", "sh": "S", "th": "F", "ph": "F", "gh": "", "wh": "L", "qu": "PL", "ng": "N", "kn": "N",
    "wr": "R", "x": "PS",
    "oo": "O", "ou": "O", "ow": "O", "oi": "O", "oy": "O", "oa": "O", "au": "O", "aw": "O",
    "ee": "E", "ea": "E", "ei": "E", "ie": "E", "ey": "E", "ai": "E", "ay": "E", "ue": "O", "ui": "O", "ew": "O",
    "a": "A", "e": "E", "i": "E", "y": "E", "o": "O", "u": "O",
    "s": "S", "z": "S", "j": "S", "f": "F", "v": "F", "p": "P", "t": "P", "k": "P", "q": "P", "c": "P",
    "b": "B", "d": "B", "g": "B", "m": "N", "n": "N", "l": "L", "w": "L", "r": "R", "h": "H",
}  # fmt: skip
"""Open vowels A, front E, back O; sibilants S, other fricatives F, hard stops P, soft stops B, nasals N, L, R, H."""

_SPELLING = re.compile("|".join(sorted(_SPELLINGS, key=len, reverse=True)))
_DOUBLED = re.compile(r"([^eo\W])\1")
_SILENT_E = re.compile(r"(?<=[aeiouy])([^aeiouy]+)e$")
_SILENT_ED = re.compile(r"([aeiouy].*[^aeiouytd])ed$")
_SPELLED = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W\d_]\.?")
_LETTERS = re.compile(r"[^\W\d_]+")

_NAME = {"f": "EF", "l": "EL", "m": "EN", "n": "EN", "r": "AR", "s": "ES", "x": "EPS", "h": "ES", "w": "BELO"}
_LONGEST_ACRONYM = 4

_DIGIT = "ENE"
_UNKNOWN = "NA"
"""A syllable, for a letter that tells nothing of its sound."""

_SYLLABARIES = frozenset(("HIRAGANA", "KATAKANA", "HANGUL", "ETHIOPIC", "BOPOMOFO"))
_ALPHABETS = frozenset(("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "ARMENIAN", "GEORGIAN"))
"""Scripts whose consonants bring no vowel with them."""


@lru_cache(maxsize=4096)
def sounds(word: str) -> str:
    """The classes of a word's sounds in order, a letter each; never none."""
    digits = _DIGIT * sum(character.isdigit() for character in word)
    bare = "".join(_LETTERS.findall(word))
    acronym = bare.isupper() and 1 < len(bare) <= _LONGEST_ACRONYM
    latin = "".join(map(_latin, bare)).lower()
    if acronym or (_SPELLED.fullmatch(word.strip(",;:!?\"'()")) and bare.lower() not in "aioàéyо"):
        return digits + "".join(_NAME.get(letter) or _read(letter) + "E" for letter in latin) or _UNKNOWN
    latin = _DOUBLED.sub(r"\1", latin)
    if len(latin) > 3:
        latin = _SILENT_E.sub(r"\1", latin)
    if len(latin) > 4:
        latin = _SILENT_ED.sub(r"\1d", latin)
    latin = re.sub("c(?=[eiy])", "s", re.sub("^y(?=.)", "w", latin))
    return digits + _read(latin) or _UNKNOWN


def _read(latin: str) -> str:
    return "".join(_SPELLINGS[found[0]] for found in _SPELLING.finditer(latin))


@lru_cache(maxsize=4096)
def _latin(letter: str) -> str:
    """A letter of any script in Latin ones, by its name in Unicode: `CYRILLIC SMALL LETTER SHA` begins like `sha`."""
    base = unicodedata.normalize("NFKD", letter)[0]
    if base.isascii():
        return base
    script, _, name = unicodedata.name(letter, "").partition(" WITH ")[0].partition(" ")
    name = name.rpartition(" ")[2].lower()
    if not name.isalpha() or not name.isascii():
        return "na"
    consonants, vowels = re.match("([^aeiou]*)(.*)", name).groups()  # type: ignore[union-attr]
    if script in _SYLLABARIES:
        return name
    if consonants:
        return consonants if script in _ALPHABETS else consonants + vowels[:1]
    return name[1] if len(name) == 2 and name[1] not in "aeiou" else name[0]
