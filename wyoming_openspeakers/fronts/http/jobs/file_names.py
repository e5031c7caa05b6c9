"""Names of audio files that say what is in them and are safe everywhere."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_LONGEST = 40
_MOST_WORDS = 6


def file_name(text: str | None, format: str, number: int | None = None, digits: int = 3) -> str:
    """`001-the-light-is-on.mp3`: letters, digits and hyphens only."""
    words = "".join(letter if letter.isalnum() else " " for letter in unicodedata.normalize("NFC", text or "")[:400])
    name = ""
    for word in words.split()[:_MOST_WORDS]:
        longer = f"{name}-{word}" if name else word[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        name = longer
    prefix = f"{number:0{digits}}" if number is not None else ""
    return "-".join(filter(None, [prefix, name.lower() or ("" if prefix else "speech")])) + f".{format}"


def disposition(name: str) -> str:
    """The header that tells a browser what to call a file."""
    plain = "".join(letter for letter in name if letter.isascii()).lstrip("-.")
    if not plain.rpartition(".")[0]:
        plain = f"speech.{name.rpartition('.')[2]}"
    header = f'inline; filename="{plain}"'
    return header if name.isascii() else f"{header}; filename*=UTF-8''{quote(name, safe='')}"
