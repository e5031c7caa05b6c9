"""Word error rate between what was meant and what was heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_SOUND_ALIKE = {frozenset(pair) for pair in (("1", "won"), ("2", "to"), ("2", "too"), ("4", "for"), ("8", "ate"))}
"""Numbers, in digits as `plain_words` writes them, that nobody can hear apart from another word."""


def word_errors(meant: Sequence[str], heard: Sequence[str]) -> int:
    """Count the words that were replaced, left out or put in; `livingroom` is `living room`, and `for` is `4`."""
    meant, heard = join_compounds(meant, heard), join_compounds(heard, meant)
    row = list(range(len(heard) + 1))
    for count, word in enumerate(meant, 1):
        diagonal, row[0] = row[0], count
        for column, other in enumerate(heard, 1):
            replaced = diagonal + _differ(word, other)
            diagonal, row[column] = row[column], min(replaced, row[column] + 1, row[column - 1] + 1)
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> float:
    """Errors of all pairs of (meant, heard) for each word that was meant."""
    errors = words = 0
    for meant, heard in pairs:
        errors += word_errors(meant, heard)
        words += len(meant)
    if not words:
        raise ValueError("no words to compare")
    return errors / words


def join_compounds(words: Sequence[str], other: Sequence[str]) -> list[str]:
    """Join two words where the other side writes them as one."""
    known = set(other) - set(words)
    out: list[str] = []
    for word in words:
        if out and out[-1] + word in known:
            out[-1] += word
        else:
            out.append(word)
    return out


def _differ(word: str, other: str) -> bool:
    return word != other and frozenset((word, other)) not in _SOUND_ALIKE
