"""Speech as server-sent events: pieces of sound in base64, told by `speech.audio.delta`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .failure import ServerFailed
from .words import message_of

_LONGEST = 32 << 20
_DONE = "[DONE]"


@dataclass(frozen=True)
class Piece:
    """A piece of sound."""

    audio: bytes
    rate: int = 0
    """Hertz, where the server tells."""


class SpeechEvents:
    """Reads events that come in any pieces."""

    def __init__(self) -> None:
        self._text = b""
        self._data: list[str] = []
        self.is_done = False
        """Whether the server has said that this was all."""

    def feed(self, data: bytes) -> Iterator[Piece]:
        """The pieces of sound that are complete."""
        *lines, self._text = (self._text + data).replace(b"\r\n", b"\n").split(b"\n")
        if len(self._text) + sum(map(len, self._data)) > _LONGEST:
            raise ServerFailed("The server sends an event that does not end")
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].decode("utf-8", "replace").strip())
            elif not line.strip() and self._data:
                event, self._data = "\n".join(self._data), []
                if piece := self._read(event):
                    yield piece

    def _read(self, text: str) -> Piece | None:
        if text == _DONE:
            self.is_done = True
            return None
        try:
            event: Any = json.loads(text)
        except ValueError:
            raise ServerFailed("The server sends events that are no JSON") from None
        if not isinstance(event, dict):
            return None
        kind = str(event.get("type", ""))
        if "error" in event or kind.endswith("error"):
            raise ServerFailed(f"The server could not go on: {message_of(event) or 'it does not say why'}")
        if kind == "speech.audio.done":
            self.is_done = True
        audio = event.get("audio") or event.get("delta")
        if not kind.endswith(".delta") or not isinstance(audio, str):
            return None
        try:
            sound = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError):
            raise ServerFailed("The server sends sound that is no base64") from None
        rate = event.get("sample_rate")
        return Piece(sound, rate if isinstance(rate, int) else 0)
