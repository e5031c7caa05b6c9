"""What a front asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import TextTooLong
from ..models.queue import Urgency


@dataclass(frozen=True)
class SpeechRequest:
    """How a text shall be spoken."""

    voice: str | None = None
    """Full or short name, alias or mixture; None for the default or the language's."""

    speaker: str | None = None
    """A speaker inside a multi-speaker voice."""

    language: str | None = None
    """BCP 47 tag of the text; None to go by the voice or to find out."""

    speed: float | None = None
    """1 is the voice's own; None for the configured one."""

    ssml: bool = False
    """The text is SSML."""

    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    strict_voice: bool = True
    """An unknown voice is an error; otherwise the default voice speaks, with a warning."""

    pitch: float = 0.0
    """Semitones up or down."""

    instructions: str = ""
    """How to speak, in words, for voices that follow them."""

    output_rate: int | None = None
    """Hertz of the audio; None as it is configured."""

    words: bool = False
    """Find out when each word is said."""

    use_cache: bool = True
    """Take sentences from the phrase cache and leave them there."""

    keep_alive: float | str | None = None
    """How long the model shall stay in memory afterwards: seconds, "5m", 0, -1; None as it is configured."""

    client: str = ""
    """Who asks: turns are shared evenly between clients."""

    front: str = ""
    """How it came: wyoming, http, mqtt, cli."""

    job: str = ""
    """Its own name in events; a new one when empty."""

    urgency: Urgency = Urgency.INTERACTIVE


class TextFeed:
    """Text that comes piece by piece from a client."""

    def __init__(self, most: int) -> None:
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._most = most
        self._length = 0
        self._said: list[str] = []

    def put(self, piece: str) -> None:
        """Add a piece."""
        self._length += len(piece)
        if self._length > self._most:
            raise TextTooLong(f"The text is longer than {self._most} characters")
        self._said.append(piece)
        self._pieces.put_nowait(piece)

    def close(self) -> None:
        """Say that this was all."""
        self._pieces.put_nowait(None)

    @property
    def text(self) -> str:
        """All that has come."""
        return "".join(self._said)

    async def get(self) -> str | None:
        """The next piece, None at the end."""
        return await self._pieces.get()
