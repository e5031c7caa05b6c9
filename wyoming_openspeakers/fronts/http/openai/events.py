"""Server-sent events of speech."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from ....errors import SpeechError
from ..errors import answer_to

SSE_TYPE = "text/event-stream"

_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_SECOND = 20
"""No engine here has tokens; this is what those of the service that the events come from amount to."""


def audio_event(audio: bytes) -> bytes:
    """A piece of the sound."""
    return _event({"type": "speech.audio.delta", "audio": base64.b64encode(audio).decode()})


def done_event(text: str, seconds: float) -> bytes:
    """That was all, and how much it was."""
    heard, said = math.ceil(len(text) / _CHARACTERS_PER_TOKEN), round(seconds * _TOKENS_PER_SECOND)
    usage = {"input_tokens": heard, "output_tokens": said, "total_tokens": heard + said}
    return _event({"type": "speech.audio.done", "usage": usage})


def error_event(error: SpeechError, path: str) -> bytes:
    """Something went wrong after the sound had begun: the same words as in an answer."""
    body = answer_to(error, path).body
    assert isinstance(body, bytes)
    return _event({"type": "error", **json.loads(body)}, "error")


def _event(data: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
