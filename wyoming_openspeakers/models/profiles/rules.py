"""What a profile may be like: names that can be said and shown anywhere, and bounds on everything."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...errors import InvalidRequest
from .profile import Profile, Sample

MOST_NAME = 60
MOST_TAGS = 20
MOST_TAG = 40
MOST_TEXT = 1000
MOST_TRANSCRIPT = 4000
MOST_PARAMETERS = 10_000

_RESERVED = "/+()"
"""Signs that have a meaning where voices are named: models, and mixtures."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


class InvalidProfile(InvalidRequest):
    """What a voice shall be like does not go."""

    code = "invalid-profile"
    http_status = 422


def checked(profile: Profile) -> Profile:
    """The profile in its normal form; InvalidProfile when it cannot be so."""
    style = profile.style
    if not 0.25 <= style.speed <= 4:
        raise InvalidProfile("The speed must be from 0.25 to 4", "speed")
    if not -12 <= style.pitch <= 12:
        raise InvalidProfile("The pitch must be from -12 to 12 semitones", "pitch")
    if profile.kind == "preset" and not profile.voice:
        raise InvalidProfile("A preset needs the voice that it lends from", "voice")
    if profile.kind == "designed" and not profile.design.strip():
        raise InvalidProfile("A designed voice needs a description in words of how it sounds", "design")
    return replace(
        profile,
        name=checked_name(profile.name),
        design=_text(profile.design, "design"),
        language=_language(profile.language, "language"),
        description=_text(profile.description, "description"),
        tags=_tags(profile.tags),
        gender=_text(profile.gender, "gender", MOST_TAG) or None if profile.gender else None,
        samples=tuple(checked_sample(sample) for sample in profile.samples),
        style=replace(
            style,
            instructions=_text(style.instructions, "instructions"),
            parameters=_parameters(style.parameters),
        ),
    )


def checked_sample(sample: Sample) -> Sample:
    """The same for what is known of a recording."""
    return replace(
        sample,
        transcript=_text(sample.transcript, "reference_text", MOST_TRANSCRIPT),
        language=_language(sample.language, "reference_language"),
        name=_plain(sample.name)[:MOST_NAME],
    )


def checked_name(name: str) -> str:
    """A name as it is kept."""
    name = unicodedata.normalize("NFC", " ".join(name.split(" ")).strip())
    if not 1 <= len(name) <= MOST_NAME:
        raise InvalidProfile(f"A name has 1 to {MOST_NAME} characters", "name")
    if not name.isprintable():
        raise InvalidProfile("A name has no control characters, line breaks or invisible signs", "name")
    if found := [sign for sign in _RESERVED if sign in name]:
        raise InvalidProfile(f"A name may not contain {' '.join(found)}: they stand for models and mixtures", "name")
    return name


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are told apart only by capitals."""
    return _key(one) == _key(other)


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _text(text: str, what: str, most: int = MOST_TEXT) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > most:
        raise InvalidProfile(f"The {what} has {len(text)} characters; at most {most} are kept", what)
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
        raise InvalidProfile(f"The {what} contains control characters", what)
    return text


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(tag for tag in (_text(tag, "tags", MOST_TAG) for tag in tags) if tag))
    if len(kept) > MOST_TAGS:
        raise InvalidProfile(f"A voice has at most {MOST_TAGS} tags", "tags")
    return kept


def _language(tag: str, what: str) -> str:
    tag = tag.strip().replace("_", "-")
    if tag and (len(tag) > 35 or not _LANGUAGE.fullmatch(tag)):
        raise InvalidProfile(f"{tag[:40]!r} is no language tag such as en or de-AT", what)
    return tag


def _parameters(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        size = len(json.dumps(dict(parameters), allow_nan=False))
    except (TypeError, ValueError):
        raise InvalidProfile("The parameters must be JSON", "parameters") from None
    if size > MOST_PARAMETERS:
        raise InvalidProfile("The parameters are too many", "parameters")
    return dict(parameters)


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
