"""The voices of another server, as it or the model's entry tells of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..base import ModelSpec, Voice
from ..offer import offered
from .languages import tag_of

MOST_VOICES = 5_000
_LONGEST_NAME = 200
_LONGEST_DESCRIPTION = 300
_NAMES = ("id", "voice_id", "name", "voice")
_GENDERS = ("female", "male")


@dataclass(frozen=True)
class RemoteVoice:
    """A voice of another server."""

    name: str
    languages: tuple[str, ...] = ()
    """None where the server does not say."""

    description: str = ""
    gender: str | None = None
    speakers: tuple[str, ...] = ()
    model: str = ""
    """The model that it belongs to, where a server with several tells."""

    @staticmethod
    def read(item: object) -> RemoteVoice | None:
        """A voice from what a server says, a name or an object; None of what is no voice."""
        if isinstance(item, str):
            item = {"name": item}
        if not isinstance(item, Mapping):
            return None
        name = next((item[key] for key in _NAMES if _is_name(item.get(key))), None)
        if name is None:
            return None
        languages = item.get("languages") or item.get("language") or item.get("lang") or ()
        tags = map(tag_of, [languages] if isinstance(languages, str) else languages if _is_list(languages) else ())
        label = next((item[key] for key in ("description", "name") if isinstance(item.get(key), str)), "")
        gender = str(item.get("gender") or "").lower()
        return RemoteVoice(
            name,
            tuple(dict.fromkeys(tag for tag in tags if tag)),
            "".join(mark for mark in label[:_LONGEST_DESCRIPTION] if mark.isprintable()),
            gender if gender in _GENDERS else None,
            tuple(speaker for speaker in item.get("speakers") or () if _is_name(speaker)),
            item["model"] if _is_name(item.get("model")) else "",
        )


@dataclass(frozen=True)
class Listing:
    """What a server has."""

    voices: tuple[RemoteVoice, ...] = ()
    model: str = ""
    """Its first model."""

    def data(self) -> dict[str, Any]:
        """As it is kept in a file."""
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Listing:
        """Read it back."""
        return Listing(read_voices(data["voices"]), str(data["model"]))

    def offered(self, spec: ModelSpec, rate: int = 0, server: str = "") -> list[Voice]:
        """The voices as ours; one whose language nobody tells speaks those of the model's entry."""
        source = repr((server, self.model, sorted(spec.parameters.items(), key=lambda item: item[0])))
        return offered((_voice(voice, spec.languages, rate, source) for voice in self.voices), spec)

    def find(self, name: str) -> RemoteVoice | None:
        """The voice of this name."""
        return next((voice for voice in self.voices if voice.name == name), None)


def read_voices(items: Iterable[object]) -> tuple[RemoteVoice, ...]:
    """The voices in a list of names or objects, each name once."""
    voices: dict[str, RemoteVoice] = {}
    for voice in filter(None, map(RemoteVoice.read, items)):
        voices.setdefault(voice.name, voice)
    return tuple(voices.values())[:MOST_VOICES]


def without_own(listing: Listing, model: str) -> Listing:
    """A list without voices that are ours: two services that show each other's would never come to an end."""
    voices = tuple(voice for voice in listing.voices if model not in voice.name.split("/")[:-1])
    return Listing(voices, listing.model)


def _voice(voice: RemoteVoice, languages: tuple[str, ...], rate: int, source: str) -> Voice:
    return Voice(
        voice.name,
        voice.languages or languages or ("en",),
        voice.description or voice.name,
        voice.gender,
        voice.speakers,
        rate,
        hashlib.sha256(f"{source}{voice}".encode()).hexdigest()[:12],
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable() and bool(value.strip())


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))
