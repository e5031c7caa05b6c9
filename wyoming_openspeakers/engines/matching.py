"""Which part of a whole is which of the pieces that it was expected to be made of."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate


def boundaries(expected: Sequence[str], actual: str) -> list[float]:
    """Where each of the expected pieces begins in a text that is about their sum, and at last where that ends.

    Between the runs of letters that both have, places are in proportion: `["of", "the"]` in `ovthe` begin at 0 and 2.
    """
    matcher = SequenceMatcher(None, "".join(expected), actual, autojunk=False)
    anchors = [(0, 0)]
    for first, second, size in matcher.get_matching_blocks():
        anchors += [(first, second), (first + size, second + size)]
    places: list[float] = []
    at = 0
    for edge in accumulate(map(len, expected), initial=0):
        while at + 1 < len(anchors) - 1 and anchors[at + 1][0] < edge:
            at += 1
        (left, left_place), (right, right_place) = anchors[at], anchors[min(at + 1, len(anchors) - 1)]
        part = (edge - left) / (right - left) if right > left else 0.0
        places.append(left_place + part * (right_place - left_place))
    places[0], places[-1] = 0.0, float(len(actual))
    return places
