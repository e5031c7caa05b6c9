"""Which of a few languages a short text is in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LONGEST = 500
_SURE = 0.4
"""Least probability of an answer."""

_AHEAD = 1.25
_AHEAD_BY_ONE_WORD = 3.0
"""How many times as probable as the next language an answer must be."""

_FEWEST_LETTERS = 3

_UNSEEN = 0.5
"""Count of an n-gram that a language does not have."""

_NAMES = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "cmn": "zh", "yue": "zh", "id": "ms"}
"""Primary subtags that the table knows by another name."""

_SCRIPTS = (
    ("[\u3040-\u30ff\uff66-\uff9f]", ("ja",)),
    ("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]", ("ko",)),
    ("[\u3400-\u9fff]", ("zh", "ja")),
    ("[\u0900-\u097f]", ("hi", "mr", "ne", "sa")),
    ("[\u0980-\u09ff]", ("bn", "as")),
    ("[\u0a00-\u0a7f]", ("pa",)),
    ("[\u0a80-\u0aff]", ("gu",)),
    ("[\u0b80-\u0bff]", ("ta",)),
    ("[\u0c00-\u0c7f]", ("te",)),
    ("[\u0c80-\u0cff]", ("kn",)),
    ("[\u0d00-\u0d7f]", ("ml",)),
    ("[\u0d80-\u0dff]", ("si",)),
    ("[\u0e00-\u0e7f]", ("th",)),
    ("[\u0590-\u05ff]", ("he", "yi")),
    ("[\u0600-\u06ff\u0750-\u077f]", ("ar", "fa", "ur", "ps", "ku")),
    ("[\u0370-\u03ff\u1f00-\u1fff]", ("el",)),
    ("[\u0400-\u052f]", ("ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "mn", "tg")),
    ("[\u10a0-\u10ff]", ("ka",)),
    ("[\u0530-\u058f]", ("hy",)),
    ("[\u1200-\u137f]", ("am",)),
)
_SCRIPT_OF = [(re.compile(letters), languages) for letters, languages in _SCRIPTS]
_OWN_SCRIPT = frozenset(language for _, languages in _SCRIPTS for language in languages)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_BOTH_SCRIPTS = frozenset(["sr", "ku", "kk", "mn"])


class LanguageDetector:
    """Chooses among given languages, by script where that decides, else by groups of letters."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._tags: dict[str, str] = {}
        """The first tag of each language, by the name that scripts and table know it by."""
        for tag in languages:
            name = re.split("[-_]", tag)[0].lower()
            self._tags.setdefault(_NAMES.get(name, name), tag)

    def warm(self) -> None:
        """Read the table, so that the first `detect` need not: it takes half a second."""
        if len(self._tags) > 1:
            self._columns  # noqa: B018 - reads the table

    def detect(self, text: str) -> str | None:
        """Return the tag of the text's language, or None when unsure; in a millisecond, once warm."""
        text = text[:_LONGEST]
        if len(self._tags) < 2:
            return next(iter(self._tags.values()), None) if text.strip() else None
        candidates = self._by_script(text)
        if len(candidates) < 2:
            return self._tags[candidates[0]] if candidates else None
        if "ja" in candidates and "zh" in candidates:
            return self._tags["zh"]
        best = self._by_letters(text, candidates)
        return self._tags[best] if best else None

    def _by_script(self, text: str) -> list[str]:
        """The languages that are written with the letters that most of the text is written with."""
        counts = [(len(letters.findall(text)), languages) for letters, languages in _SCRIPT_OF]
        most, written = max(counts, key=lambda count: count[0])
        kana = counts[0][0]
        if kana and kana + counts[2][0] >= most:
            most, written = kana + counts[2][0], counts[0][1]
        latin = len(_LATIN.findall(text))
        if most * 2 > latin:
            return [name for name in self._tags if name in written]
        if latin < _FEWEST_LETTERS:
            return []
        return [name for name in self._tags if name not in _OWN_SCRIPT or name in _BOTH_SCRIPTS]

    def _by_letters(self, text: str, candidates: list[str]) -> str | None:
        import numpy as np

        from . import ngrams

        table = ngrams.load()
        wanted = np.array(ngrams.split(text), dtype=np.uint64)
        found = np.searchsorted(table.keys, wanted)
        found = np.minimum(found, len(table.keys) - 1)
        rows = found[table.keys[found] == wanted]
        names = [name for name in candidates if name in self._columns]
        if not len(rows) or len(names) < 2:
            return None
        counts = np.full((len(rows), len(table.languages)), _UNSEEN)
        for at, row in enumerate(rows):
            entries = slice(table.first[row], table.first[row + 1])
            counts[at, table.column[entries]] += table.count[entries]
        ahead = _AHEAD if len(text.split()) > 1 else _AHEAD_BY_ONE_WORD
        return _clearest(names, ahead, np.log(counts[:, [self._columns[name] for name in names]]).sum(axis=0))

    @cached_property
    def _columns(self) -> dict[str, int]:
        from . import ngrams

        table = ngrams.load()
        return {name: column for column, name in enumerate(table.languages) if name in self._tags}


def _clearest(names: list[str], ahead: float, scores: npt.NDArray[np.float64]) -> str | None:
    """The most probable name, unless another is nearly as probable."""
    import numpy as np

    weights = np.exp(scores - scores.max())
    second, first = np.argsort(weights)[-2:]
    sure = weights[first] / weights.sum() >= _SURE and weights[first] >= ahead * weights[second]
    return names[int(first)] if sure else None
