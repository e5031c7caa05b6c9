"""A server that speaks OpenAI's speech API, as a model's entry describes it, and what it has."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from ..base import ModelSpec
from ..capabilities import Capabilities
from ..control import CancelFlag
from .address import http_address
from .failure import ServerFailed
from .http import HttpServer
from .own import refuse_own
from .server import LIMITS, Limits, Server
from .settings import Settings, wrong
from .voices import Listing, read_voices, without_own
from .watch import DEADLINE

SETTINGS = (
    "url", "api_key_env", "api_key_file", "ca", "model", "voices", "rate", "stream", "language", "speed", "clones",
    "needs_transcript", "designs", "instructs", "extra", *LIMITS,
)  # fmt: skip

SPEED = (0.5, 2.0)
"""Servers take more than that, and their models do not follow."""

_OURS = ("input", "stream", "stream_format", "response_format", "voice", "speed", "ref_audio", "ref_text")
_LARGEST_LIST = 8 << 20
_NO_LIST = (404, 405, 501)


@dataclass(frozen=True, kw_only=True)
class OpenAIServer(Server):
    """A server."""

    settings: Settings
    model: str
    """Its model to speak with; empty for the one that it has."""

    voices: tuple[Any, ...] | None
    """Its voices, where it does not list them itself."""

    language: str
    """How it is told the language: `none`, `tag` or `name`."""

    speed: tuple[float, float] | None
    clones: bool
    needs_transcript: bool
    designs: bool
    instructs: bool
    extra: Mapping[str, Any]
    """What else it is sent with each text."""

    @classmethod
    def of(cls, spec: ModelSpec) -> OpenAIServer:
        """Read a model's entry; raises an EngineError that names what is wrong."""
        settings = Settings(spec.parameters, SETTINGS)
        for name in ("api_key_env", "api_key_file", "ca"):
            settings.text(name)
        voices, extra = settings.items("voices"), settings.fields("extra")
        if taken := next((name for name in extra if name in _OURS), None):
            raise wrong("extra", f"may not hold {taken}, which is sent anyway")
        return cls(
            address=http_address(settings.text("url")),
            limits=Limits.of(settings),
            settings=settings,
            model=settings.text("model"),
            voices=None if voices is None else tuple(voices),
            rate=int(settings.number("rate", 0, 0, 384_000)),
            streams=settings.flag("stream", True),
            language=settings.choice("language", "none", "tag", "name"),
            speed=settings.range("speed", SPEED),
            clones=settings.flag("clones", False),
            needs_transcript=settings.flag("needs_transcript", False),
            designs=settings.flag("designs", False),
            instructs=settings.flag("instructs", False),
            extra=extra,
        )

    def connect(self) -> HttpServer:
        """How to ask it, with its key."""
        key, place = self.settings.key()
        context = _trust(self.settings.text("ca")) if self.address.scheme == "https" else None
        return HttpServer(self.address, key, place, context)

    def check(self) -> None:
        self.settings.key()

    def able(self, capabilities: Capabilities) -> Capabilities:
        return replace(
            super().able(capabilities),
            speed=self.speed,
            cloning=self.clones,
            needs_transcript=self.needs_transcript,
            designs=self.designs,
            instructions=self.instructs,
        )

    def lack(self, listing: Listing) -> str | None:
        if listing.voices or self.clones or self.designs:
            return None
        return f"{self.address} does not list its voices; name them under parameters.voices"

    def listing(self, model_id: str) -> Listing:
        server = self.connect()
        # Even where all is known: that it answers, and takes the key.
        models = _get(server, "/models")
        first = self.model or next((item["id"] for item in _items(models) if _has_id(item)), "")
        if self.voices is not None:
            return Listing(read_voices(self.voices), first)
        query = f"?model={quote(self.model, safe='')}" if self.model else ""
        return without_own(Listing(read_voices(_items(_get(server, f"/audio/voices{query}"))), first), model_id)


def _get(server: HttpServer, path: str) -> Any:
    """A list of the server's, None where it has no such list."""
    with server.ask("GET", path, None, DEADLINE, CancelFlag()) as answer:
        refuse_own(answer.line.connection, server.address)
        if answer.status in _NO_LIST:
            return None
        answer.check()
        data = answer.whole(_LARGEST_LIST)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ServerFailed(f"{server.address} does not answer with JSON; is it a speech server?") from None


def _items(tree: Any) -> list[Any]:
    """The things in a list, wherever this kind of server puts it."""
    if isinstance(tree, list):
        return tree
    if not isinstance(tree, dict):
        return []
    lists = [tree[name] for name in ("voices", "data", "items") if isinstance(tree.get(name), (list, dict))]
    found: list[Any] = list(lists[0]) if lists else []
    more = tree.get("uploaded_voices")
    return [*found, *(more if isinstance(more, list) else [])]


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _trust(file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file or None)
    except OSError:
        raise wrong("ca", f"names {file}, which holds no certificates that can be read") from None
