"""The sound in an answer: raw PCM, WAV, or server-sent events with either in them."""

from __future__ import annotations

from collections.abc import Iterator

from ..base import Audio
from .events import SpeechEvents
from .failure import ServerFailed
from .http import Answer
from .line import hung_up
from .openai import OpenAIServer
from .pcm import SoundDecoder

RATE = 24_000
"""Hertz of PCM where nobody says otherwise."""

_EVENTS = "text/event-stream"
_PCM = ("", "audio/pcm", "audio/l16", "audio/x-raw", "audio/raw", "application/octet-stream", "binary/octet-stream")
_WAV = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")


def sound_of(answer: Answer, server: OpenAIServer) -> Iterator[Audio]:
    """The sound while it comes; what is not whole in the end is an error."""
    kind = answer.headers.get_content_type() if answer.headers.get("content-type") else ""
    if kind not in (_EVENTS, *_PCM, *_WAV):
        raise ServerFailed(f"{server.address} sends {kind} where audio/pcm was asked for")
    decoder = SoundDecoder(_rate(answer) or server.rate or RATE)
    events = SpeechEvents() if kind == _EVENTS else None
    for piece in _pieces(answer, decoder, events):
        samples = decoder.feed(piece)
        if len(samples):
            yield Audio(samples, decoder.rate)
    is_all = answer.tells_its_end or events is None or events.is_done
    if not decoder.is_whole or not is_all:
        raise hung_up(server.address)


def _pieces(answer: Answer, decoder: SoundDecoder, events: SpeechEvents | None) -> Iterator[bytes]:
    for data in answer.pieces():
        if events is None:
            yield data
            continue
        for piece in events.feed(data):
            if piece.rate:
                decoder.set_rate(piece.rate)
            yield piece.audio
        if events.is_done:
            return


def _rate(answer: Answer) -> int:
    """The rate that a content type tells: `audio/pcm;rate=44100`."""
    for name in ("rate", "sample_rate"):
        value = answer.headers.get_param(name)
        if isinstance(value, str) and value.isdecimal():
            return int(value)
    return 0
