"""When the words of a text are said, from the lengths of the phonemes that they became."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from .base import Word
from .matching import boundaries

Phonemes = Sequence[str]

_STRESS = "ˈˌ"


@dataclass(frozen=True)
class PhonemeWords:
    """The words of a text among its phonemes, which may run words together or make several of one."""

    text: str
    sentences: Sequence[Phonemes]
    phonemize: Callable[[str], str]
    """The phonemes of a word alone that sound; see `sounding`."""

    def times(self, sentence: int, edges: Sequence[float]) -> tuple[Word, ...]:
        """The words of one sentence, from the times between its phonemes: one more than there are of them."""
        words = []
        phonemes = self.sentences[sentence]
        before = sum(len(earlier) for earlier in self.sentences[:sentence])
        for text, begin, end in self._spans:
            first, last = begin - before, end - before
            if not 0 <= first < last <= len(phonemes):
                continue
            while first and phonemes[first - 1] in _STRESS:
                first -= 1
            while last < len(phonemes) and phonemes[last] not in _STRESS and _kind(phonemes[last]) in ("Lm", "Mn"):
                last += 1
            words.append(Word(text, float(edges[first]), float(edges[last])))
        return tuple(words)

    @cached_property
    def _spans(self) -> list[tuple[str, int, int]]:
        """Each word with the place of its first phoneme among all phonemes, and the place after its last."""
        words = [word for word in self.text.split() if any(_kind(letter)[0] in "LNS" for letter in word)]
        places, starts = self._sounding()
        flat = [phoneme for sentence in self.sentences for phoneme in sentence]
        expected = [self.phonemize(word) or "_" for word in words]
        edges = boundaries(expected, "".join(flat[place][0] for place in places))
        whole = [_nearest(round(edge), starts) for edge in edges]
        return [
            (word, places[first], places[last - 1] + 1)
            for word, (first, last) in zip(words, pairwise(whole), strict=True)
            if first < last
        ]

    def _sounding(self) -> tuple[list[int], set[int]]:
        """The places of the phonemes that sound, and which of these begin a group between blanks."""
        places: list[int] = []
        starts = {0}
        place = 0
        for sentence in self.sentences:
            starts.add(len(places))
            for phoneme in sentence:
                if phoneme.isspace():
                    starts.add(len(places))
                elif _sounds(phoneme):
                    places.append(place)
                place += 1
        return places, starts | {len(places)}


def sounding(phonemes: Phonemes) -> str:
    """The phonemes that sound, a letter each: no stress, no length, no punctuation."""
    return "".join(phoneme[0] for phoneme in phonemes if _sounds(phoneme))


def _nearest(edge: int, starts: set[int]) -> int:
    """The begin of a group where it is next to an edge: a word alone may have a sound more or less."""
    return next((near for near in (edge, edge - 1, edge + 1) if near in starts), edge)


def _sounds(phoneme: str) -> bool:
    return bool(phoneme) and _kind(phoneme[0])[0] == "L" and _kind(phoneme[0]) != "Lm"


def _kind(letter: str) -> str:
    return unicodedata.category(letter[0])
