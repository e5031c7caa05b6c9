"""What Dia reads: who says what, in bytes."""

from __future__ import annotations

import re

FIRST = "[S1]"
SPEAKERS = (FIRST, "[S2]")

SOUNDS = (
    "laughs", "clears throat", "sighs", "gasps", "coughs", "singing", "sings", "mumbles", "beep", "groans", "sniffs",
    "claps", "screams", "inhales", "exhales", "applause", "burps", "humming", "sneezes", "chuckle", "whistles",
)  # fmt: skip
"""What a text can ask for: `(laughs)`."""

_TAG = re.compile(r"\[s[12]\]", re.IGNORECASE)


def marked(text: str, speaker: str = FIRST) -> str:
    """A text that begins with who speaks: `speaker`, where it does not say so; no tag at its end says nothing."""
    text = _TAG.sub(lambda tag: tag[0].upper(), text).strip()
    while text.endswith(SPEAKERS):
        text = text[: -len(FIRST)].rstrip()
    return text if text.startswith(SPEAKERS) else f"{speaker} {text}"


def last_speaker(text: str, speaker: str = FIRST) -> str:
    """Who speaks at the end of a text that `speaker` begins."""
    tags = _TAG.findall(text)
    return tags[-1].upper() if tags else speaker


def joined(before: str, text: str) -> str:
    """Two marked texts as one. A speaker who goes on is not named again: Dia's speakers take turns."""
    goes_on = text.startswith(last_speaker(before))
    return f"{before} {text[len(FIRST) :].lstrip()}" if goes_on else f"{before} {text}"


def has_words(text: str) -> bool:
    """Whether there is something to say besides who says it."""
    return any(map(str.isalnum, _TAG.sub("", text)))


def read(text: str) -> list[int]:
    """A marked text as the model reads it: its bytes, and a number for each speaker."""
    said = text.encode()
    for number, tag in enumerate(SPEAKERS, 1):
        said = said.replace(tag.encode(), bytes([number]))
    return list(said)
