"""What engines that speak by another server have in common: all but how they ask it to."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from ..base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Voice
from ..capabilities import Capabilities
from ..control import Cancelled
from ..onnx_session import on_processor
from .failure import ServerFailed
from .line import Line
from .server import CONCURRENCY, Server
from .voices import Listing
from .watch import Known, kept_listing, watched

S = TypeVar("S", bound=Server)

LONGEST = 600
"""Seconds of audio that no segment has."""


class RemoteEngine(Engine, Generic[S]):
    """Speaks with the voices of a server."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=False,
        concurrency=CONCURRENCY,
        parallel=True,
        waits=True,
        varies=True,
        pads_silence=True,
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "")
        self._server: S | None = None

    @classmethod
    @abstractmethod
    def server_of(cls, spec: ModelSpec) -> S:
        """Read a model's entry; raises an EngineError that names what is wrong."""

    @abstractmethod
    def _speak(self, server: S, request: EngineRequest) -> Iterator[Audio]:
        """Have the server speak a text that has something to say."""

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        try:
            server = cls.server_of(spec)
        except EngineError:
            return []
        listing = _known(server, spec).listing
        return listing.offered(spec, server.rate, str(server.address)) if listing else []

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        try:
            return cls.server_of(spec).able(cls.capabilities)
        except EngineError:
            # What is wrong is told as the model's problem.
            return cls.capabilities

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        try:
            server = cls.server_of(spec)
            known = _known(server, spec)
            server.check()
        except EngineError as error:
            return str(error)
        return known.problem if known.listing is None else server.lack(known.listing)

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("A remote model", device)
        self._server = self.server_of(spec)
        self._spec = spec

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        if request.cancel:
            raise Cancelled
        if not any(map(str.isalnum, request.text)):
            return
        if self._server is None:
            raise EngineError("The model is not loaded")
        yield from self._speak(self._server, request)

    def unload(self) -> None:
        self._server = None

    @property
    def _listing(self) -> Listing | None:
        """What the server had when it was asked last."""
        return kept_listing(self._spec)


def _known(server: Server, spec: ModelSpec) -> Known:
    return watched(spec, str(server.address), functools.partial(server.listing, spec.id))


def within_limits(audio: Iterator[Audio], server: Server, line: Line) -> Iterator[Audio]:
    """Audio that comes on a line: it must go on, and it must come to an end."""
    seconds = 0.0
    for chunk in audio:
        seconds += len(chunk.samples) / chunk.rate
        if seconds > LONGEST:
            raise ServerFailed(f"{server.address} does not stop speaking; it was given up after {LONGEST} s")
        yield chunk
        # Only now: whoever listens may have taken his time.
        line.expect(server.limits.audio_gap)
