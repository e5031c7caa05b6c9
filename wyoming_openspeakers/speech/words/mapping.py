"""Written words found again in what was spoken for them: `2026,` in `twenty twenty-six,`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import numpy as np

from ...engines.matching import boundaries

Span = tuple[float, float]


def written_spans(
    written: Sequence[str], spoken: Sequence[str], times: Sequence[Span], read: Callable[[str], str]
) -> list[Span]:
    """When each written word is said, from when the spoken ones are; `read` tells how a word alone would be spoken.

    Where one word was spoken for several written ones, each has its part of it.
    """
    if not spoken:
        return [(0.0, 0.0)] * len(written)
    if list(map(_letters, written)) == list(map(_letters, spoken)):
        return list(times)
    letters = [_letters(word) or "_" for word in spoken]
    edges = boundaries([_letters(read(word)) or "_" for word in written], "".join(letters))
    begins = list(accumulate(map(len, letters), initial=0))
    places = np.interp(edges, begins, np.arange(len(begins))).tolist()
    whole = [float(round(place)) for place in places]
    # Whole words where that leaves every written one something.
    shared = [whole[at : at + 2] for at in range(len(written))]
    places = [
        place if any(first == last for first, last in shared[max(0, at - 1) : at + 1]) else whole[at]
        for at, place in enumerate(places)
    ]
    return [
        (_moment(times, first, is_end=False), _moment(times, last, is_end=True))
        for first, last in pairwise(places)
    ]


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word)).casefold()


def _moment(times: Sequence[Span], place: float, *, is_end: bool) -> float:
    """The time of a place between words, the fraction being a part of a word."""
    index = min(len(times) - 1, int(np.ceil(place)) - 1 if is_end else int(place))
    start, end = times[max(0, index)]
    return start + min(1.0, max(0.0, place - max(0, index))) * (end - start)
