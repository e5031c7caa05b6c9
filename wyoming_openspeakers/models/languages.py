"""Tags of languages: which means which."""

from __future__ import annotations


def normal(tag: str) -> str:
    """A tag as tags are compared: `en-gb` of `en_GB`."""
    return tag.replace("_", "-").lower()


def primary(tag: str) -> str:
    """A language tag without its region: `en` of `en-GB`."""
    return normal(tag).split("-")[0]


def suits(known: str, wanted: str) -> bool:
    """Whether a voice of one tag is meant by the other: no region on either side is any region."""
    known, wanted = normal(known), normal(wanted)
    return known == wanted or (primary(known) == primary(wanted) and primary(known) in (known, wanted))
