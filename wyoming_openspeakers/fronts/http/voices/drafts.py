"""What clients send about a voice, as a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....errors import InvalidRequest
from ....models.profiles.profile import Kind, Profile
from ....models.profiles.rules import InvalidProfile
from .types import VoiceBody, VoicesQuery

_FIELDS = ("name", "voice", "design", "language", "description", "gender", "consent")
"""What is called the same on both sides."""

_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "cloned": ("model_id", "consent", "reference_text", "reference_language"),
    "designed": ("model_id", "design"),
    "preset": ("model_id", "voice"),
}
_ALL_OF_KINDS = {name for names in _OF_KIND.values() for name in names}


class NoConsent(InvalidRequest):
    """Nobody may clone a voice against the will of the person who has it."""

    code = "consent-needed"
    http_status = 422


def drafted(body: VoiceBody, *, has_audio: bool) -> Profile:
    """A new voice as it is asked for."""
    kind = body.kind or ("cloned" if has_audio else "designed" if body.design else "preset" if body.voice else None)
    if kind is None:
        raise InvalidProfile(
            "Send a form with reference_audio to clone a voice, `voice` for a preset or `design` for a designed voice"
        )
    if kind == "cloned" and not has_audio:
        raise InvalidProfile("A cloned voice needs a recording: send a form with reference_audio", "reference_audio")
    if kind == "cloned" and body.consent is False:
        raise NoConsent("Clone only the voice of somebody who agrees to it; if they do, send consent=true", "consent")
    return Profile(
        id="",
        name=body.name,
        kind=kind,
        model=body.model_id,
        voice=body.voice,
        design=body.design if kind == "designed" else "",
        language=body.language,
        description=body.description,
        tags=tuple(body.tags),
        gender=body.gender or None,
        style=body.style.style(),
        consent=bool(body.consent) and kind == "cloned",
    )


def patched(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    """A voice with changes, by their names in a request."""
    for name in changes.keys() & _ALL_OF_KINDS:
        if name not in _OF_KIND[profile.kind]:
            raise InvalidProfile(f"A {profile.kind} voice has no {name}", name)
    if changes.get("consent") is False:
        raise NoConsent("A voice whose owner does not agree cannot stay; delete it", "consent")
    fields = {name: changes[name] for name in _FIELDS if name in changes}
    if "model_id" in changes:
        fields["model"] = changes["model_id"]
    if "tags" in changes:
        fields["tags"] = tuple(changes["tags"])
    if "style" in changes:
        fields["style"] = replace(profile.style, **changes["style"])
    profile = replace(profile, **fields)
    if changes.keys() & {"reference_text", "reference_language"}:
        return profile.with_words(None, changes.get("reference_text"), changes.get("reference_language"))
    return profile


def is_meant(profile: Profile, query: VoicesQuery) -> bool:
    """Whether a voice is one of those that are searched for, by what it has itself."""
    if query.kind and profile.kind != query.kind:
        return False
    tags = [tag.casefold() for tag in profile.tags]
    if query.tag and query.tag.casefold() not in tags:
        return False
    words = query.search.casefold()
    return any(words in text for text in (profile.name.casefold(), profile.description.casefold(), *tags))
