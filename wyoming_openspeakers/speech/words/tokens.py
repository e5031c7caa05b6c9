"""Text cut into words, each with the punctuation that clings to it."""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9D), (0x20000, 0x323AF),
)  # fmt: skip
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: scripts that put no blanks between words."""

_LETTERS = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED)
_UNSPACED_LETTER = re.compile(f"[{_LETTERS}]")
_OPENING = ("Ps", "Pi")


def is_unspaced(text: str) -> bool:
    """Whether a text has letters of a script that puts no blanks between words."""
    return bool(_UNSPACED_LETTER.search(text))


def split_words(text: str) -> list[str]:
    """The words of a text in order; what is no word, such as a dash, stays with the word before it.

    Where a script has no blanks, each letter is taken for a word, with the marks that change it.
    """
    words: list[str] = []
    held = ""
    for chunk in text.split():
        for piece in _pieces(chunk):
            if not is_said(piece):
                if words:
                    words[-1] += f" {piece}"
                else:
                    held += f"{piece} "
                continue
            words.append(held + piece)
            held = ""
    return words


def is_said(text: str) -> bool:
    """Whether there is anything in it to say: a letter, a number, or a symbol such as `%`."""
    return any(unicodedata.category(character)[0] in "LN" or unicodedata.category(character) in ("Sc", "Sm", "So")
               or character in "%&@#§" for character in text)  # fmt: skip


def _pieces(chunk: str) -> list[str]:
    """A chunk without blanks, cut in front of each letter of an unspaced script, and after one."""
    if not is_unspaced(chunk):
        return [chunk]
    pieces = [""]
    for character in chunk:
        category = unicodedata.category(character)
        last = pieces[-1]
        if _has_letter(last) and category[0] != "M" and (
            category in _OPENING
            or (category[0] == "L" and _UNSPACED_LETTER.match(character))
            or (category[0] in "LN" and _UNSPACED_LETTER.search(last))
        ):
            pieces.append("")
        pieces[-1] += character
    if len(pieces) > 1 and not is_said(pieces[-1]):
        last = pieces.pop()
        pieces[-1] += last
    return pieces


def _has_letter(text: str) -> bool:
    return any(unicodedata.category(character)[0] in "LN" for character in text)
