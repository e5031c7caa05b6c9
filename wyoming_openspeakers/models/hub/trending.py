"""The text-to-speech models that people of the hub look at now."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ...errors import InvalidRequest, ModelFilesError
from ..side_thread import in_side_thread
from .client import get_json, hub_client
from .engine import can_run, supported_types
from .pages import page_of
from .sentences import NO_HUB, explained

_SUBJECT = "the list of trending models"
_FRESH = 30 * 60.0
_AS_GOOD_AS_NEW = 60.0
"""Seconds for which a copy will do for somebody who wants a new one, too."""

_MOST = 100
_WIDTHS = {"64": 8, "32": 4, "16": 2, "8": 1}
"""Bytes of a number, by the digits in the name of its type."""

_DETAILS = (
    *("downloads", "likes", "gated", "tags", "pipeline_tag", "library_name", "lastModified"),
    *("safetensors", "cardData", "config"),
)


@dataclass(frozen=True)
class HubListing:
    """A model as the hub's list tells of it."""

    id: str
    """`owner/name`."""

    url: str
    """Its page."""

    downloads: int
    likes: int
    licence: str
    gated: bool
    languages: tuple[str, ...]
    changed: str
    """When its files changed last, as in ISO 8601."""

    size: int | None
    """Bytes of its weights, where they are in safetensors."""

    library: str
    model_type: str
    task: str
    """What the hub says that it is for: text-to-speech."""

    tags: tuple[str, ...]
    runs: bool | None
    """Whether the generic engine can run it; None when the list does not tell."""


@dataclass(frozen=True)
class Trending:
    """A list of models, the most looked at first."""

    models: tuple[HubListing, ...]
    asked: float
    """When the hub was asked, in seconds since the epoch."""

    stale: bool = False
    """Older than it should be: the hub cannot be reached."""

    problem: str | None = None
    """Why it is stale."""

    @property
    def age(self) -> float:
        """Seconds since the hub was asked."""
        return max(0.0, time.time() - self.asked)


def trending(
    cache: Path, count: int = 20, token: str | None = None, *, refresh: bool = False, endpoint: str | None = None
) -> Trending:
    """The models, asked for anew when the copy in the cache folder is older than half an hour. Blocks.

    With `refresh` a copy is good for a minute only.

    When the hub cannot be reached an older copy is answered; without one ModelFilesError tells what is wrong.
    """
    _check(count)
    file = cache / "trending.json"
    copy = _read(file)
    longest = _AS_GOOD_AS_NEW if refresh else _FRESH
    if copy is None or not -longest < time.time() - copy.asked < longest:
        try:
            copy = _ask(token, endpoint)
        except ModelFilesError as error:
            if copy is None:
                raise
            copy = replace(copy, stale=True, problem=str(error))
        else:
            _write(file, copy)
    return replace(copy, models=_judged(copy.models[:count]))


class TrendingModels:
    """The trending models for a running service: who asks while the hub is asked already gets the same answer."""

    def __init__(self, cache: Path, token: SecretStr | None = None, *, endpoint: str | None = None) -> None:
        self._cache = cache
        self._token = token or SecretStr("")
        self._endpoint = endpoint
        self._asked: dict[bool, asyncio.Future[Trending]] = {}

    async def get(self, count: int = 20, *, refresh: bool = False) -> Trending:
        """The first so many; see `trending`."""
        _check(count)
        asked = self._asked.get(refresh)
        if asked is None or asked.done():
            asked = self._asked[refresh] = in_side_thread(lambda: self._get_all(refresh), "trending models")
            asked.add_done_callback(lambda asked: asked.exception())
        found = await asyncio.shield(asked)
        return replace(found, models=found.models[:count])

    def _get_all(self, refresh: bool) -> Trending:
        token = self._token.get_secret_value()
        return trending(self._cache, _MOST, token, refresh=refresh, endpoint=self._endpoint)


def _check(count: int) -> None:
    if not 1 <= count <= _MOST:
        raise InvalidRequest(f"Ask for 1 to {_MOST} models")


def _ask(token: str | None, endpoint: str | None) -> Trending:
    """Ask the hub. Not with its library's `list_models`, which has no deadline and tries for half a minute."""
    with explained(_SUBJECT):
        client = hub_client(token, endpoint)
        parameters = {
            "pipeline_tag": "text-to-speech",
            "sort": "trendingScore",
            "limit": _MOST,
            "expand": _DETAILS,
        }
        entries = get_json(client, f"{client.endpoint}/api/models", _SUBJECT, parameters)
        try:
            return Trending(tuple(_listing(entry, client.endpoint) for entry in entries), time.time())
        except (KeyError, TypeError, AttributeError):
            raise ModelFilesError(NO_HUB.format(_SUBJECT)) from None


def _listing(entry: dict[str, Any], endpoint: str) -> HubListing:
    card = entry.get("cardData") or {}
    languages = card.get("language") or ()
    licences = [tag.removeprefix("license:") for tag in entry.get("tags") or () if tag.startswith("license:")]
    return HubListing(
        id=entry["id"],
        url=page_of(entry["id"], endpoint),
        downloads=entry.get("downloads") or 0,
        likes=entry.get("likes") or 0,
        licence=str(card.get("license_name") or (licences or [""])[0]),
        gated=bool(entry.get("gated")),
        languages=tuple(map(str, [languages] if isinstance(languages, str) else languages)),
        changed=str(entry.get("lastModified") or ""),
        size=_weights(entry),
        library=entry.get("library_name") or "",
        model_type=(entry.get("config") or {}).get("model_type") or "",
        task=entry.get("pipeline_tag") or "",
        tags=tuple(map(str, entry.get("tags") or ())),
        runs=None,
    )


def _weights(entry: dict[str, Any]) -> int | None:
    counts = (entry.get("safetensors") or {}).get("parameters") or {}
    return sum(count * _width(kind) for kind, count in counts.items()) or None


def _width(kind: str) -> int:
    return next((width for bits, width in _WIDTHS.items() if bits in kind), 1)


def _judged(models: Iterable[HubListing]) -> tuple[HubListing, ...]:
    """With what this version's engine can run, which a copy of another one may not know."""
    known = supported_types()
    return tuple(
        replace(model, runs=can_run(model.library or None, model.model_type or None, None, known)) for model in models
    )


def _read(file: Path) -> Trending | None:
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        models = tuple(
            HubListing(**{**entry, "languages": tuple(entry["languages"]), "tags": tuple(entry["tags"])})
            for entry in tree["models"]
        )
        return Trending(models, float(tree["asked"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file: Path, copy: Trending) -> None:
    draft = file.with_name(f"{file.name}.new")
    with suppress(OSError):  # a list that cannot be kept is asked for again
        file.parent.mkdir(parents=True, exist_ok=True)
        tree = {"asked": copy.asked, "models": [asdict(model) for model in copy.models]}
        draft.write_text(json.dumps(tree), encoding="utf-8")
        draft.replace(file)
