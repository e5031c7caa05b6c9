"""A Wyoming client that keeps everything it is sent."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlparse

import numpy as np
import numpy.typing as npt
from wyoming.event import Event, async_read_event, async_write_event


@dataclass
class Answer:
    """The events that answered a request."""

    events: list[Event] = field(default_factory=list)
    first_audio: float | None = None
    """Seconds after the request."""

    @property
    def types(self) -> list[str]:
        """The events' types, runs of audio-chunk as one."""
        types: list[str] = []
        for event in self.events:
            if not types or types[-1] != event.type or event.type != "audio-chunk":
                types.append(event.type)
        return types

    @property
    def pcm(self) -> bytes:
        """All audio."""
        return b"".join(event.payload or b"" for event in self.events if event.type == "audio-chunk")

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """All audio as numbers."""
        return np.frombuffer(self.pcm, np.int16)

    @property
    def rate(self) -> int:
        """Sample rate of the first chunk."""
        rate: int = next(event.data["rate"] for event in self.events if event.type == "audio-chunk")
        return rate

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.samples) / self.rate if self.pcm else 0.0

    @property
    def error(self) -> dict[str, Any] | None:
        """The error's data, if there was one."""
        return next((event.data for event in self.events if event.type == "error"), None)


class Client:
    """One connection."""

    def __init__(self, uri: str) -> None:
        self._uri = urlparse(uri)

    async def __aenter__(self) -> Self:
        if self._uri.scheme == "unix":
            self.reader, self.writer = await asyncio.open_unix_connection(self._uri.path)
        else:
            self.reader, self.writer = await asyncio.open_connection(self._uri.hostname, self._uri.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)

    async def send(self, kind: str, **data: Any) -> None:
        """Send an event."""
        await async_write_event(Event(kind, data), self.writer)

    async def send_raw(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(raw)
        await self.writer.drain()

    async def read(self) -> Event | None:
        """The next event; None at the end."""
        try:
            return await asyncio.wait_for(async_read_event(self.reader), 30)
        except (ConnectionError, asyncio.IncompleteReadError):
            return None

    async def read_until(self, *last: str) -> Answer:
        """Everything up to an event of one of these types, or to the end."""
        answer = Answer()
        began = time.perf_counter()
        while event := await self.read():
            if event.type == "audio-chunk" and answer.first_audio is None:
                answer.first_audio = time.perf_counter() - began
            answer.events.append(event)
            if event.type in last:
                break
        return answer

    async def synthesize(self, text: str, voice: str | None = None, **data: Any) -> Answer:
        """Speak a text in one piece."""
        if voice:
            data["voice"] = {"name": voice}
        await self.send("synthesize", text=text, **data)
        return await self.read_until("audio-stop", "error")

    async def stream(self, *chunks: str, voice: str | None = None, repeat: bool = True) -> Answer:
        """Speak a text in chunks, the way Home Assistant does."""
        data = {"voice": {"name": voice}} if voice else {}
        await self.send("synthesize-start", **data)
        for chunk in chunks:
            await self.send("synthesize-chunk", text=chunk)
        if repeat:
            await self.send("synthesize", text="".join(chunks), **data)
        await self.send("synthesize-stop")
        return await self.read_until("synthesize-stopped", "error")

    async def info(self) -> Event:
        """What the service tells about itself."""
        await self.send("describe")
        event = await self.read()
        assert event is not None and event.type == "info", event
        return event
