"""A Wyoming client that times what it gets."""

from __future__ import annotations

import time
from dataclasses import dataclass

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

_HOST = "127.0.0.1"


class ServerError(Exception):
    """The server answered with an error or hung up."""


@dataclass(frozen=True)
class Spoken:
    """An answer."""

    first_audio: float
    """Seconds from the request to the first audio; the connection was open already."""

    total: float
    rate: int
    pcm: bytes

    @property
    def seconds(self) -> float:
        """How long the audio is."""
        return len(self.pcm) / 2 / self.rate


def connection(port: int, patience: float = 60.0) -> AsyncTcpClient:
    """A client that is not connected yet and waits so many seconds for each event."""
    return AsyncTcpClient(_HOST, port, connect_timeout=patience, read_timeout=patience)


def request(text: str, voice: str | None) -> Synthesize:
    """What Home Assistant sends for a whole text."""
    return Synthesize(text=text, voice=SynthesizeVoice(name=voice) if voice else None)


async def speak(port: int, text: str, voice: str | None = None, patience: float = 60.0) -> Spoken:
    """Ask for a text on a new connection and take all of its audio."""
    async with connection(port, patience) as client:
        began = time.perf_counter()
        await client.write_event(request(text, voice).event())
        first, rate = 0.0, 0
        audio: list[bytes] = []
        while True:
            event = await client.read_event()
            if event is None:
                raise ServerError("the server hung up")
            if Error.is_type(event.type):
                raise ServerError(Error.from_event(event).text)
            if AudioChunk.is_type(event.type):
                chunk = AudioChunk.from_event(event)
                if chunk.audio and not audio:
                    first, rate = time.perf_counter() - began, chunk.rate
                audio.append(chunk.audio)
            elif AudioStop.is_type(event.type):
                break
        if not rate:
            raise ServerError("the server sent no audio")
        return Spoken(first, time.perf_counter() - began, rate, b"".join(audio))


async def describe(port: int, patience: float = 10.0) -> float:
    """Seconds from opening a new connection to the whole `info`."""
    began = time.perf_counter()
    await get_info(port, patience)
    return time.perf_counter() - began


async def get_info(port: int, patience: float = 10.0) -> Info:
    """What the server says about itself, on a new connection."""
    async with connection(port, patience) as client:
        await client.write_event(Describe().event())
        while True:
            event = await client.read_event()
            if event is None:
                raise EOFError("no answer to describe")
            if Info.is_type(event.type):
                return Info.from_event(event)
