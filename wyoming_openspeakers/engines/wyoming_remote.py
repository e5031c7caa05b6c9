"""Any Wyoming server that speaks: wyoming-piper, another service like this one.

The model's entry says where it is, under `parameters`: `url: tcp://piper.local:10200`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wyoming.event import Event

from .base import Audio, EngineError, EngineRequest, ModelSpec
from .remote.engine import RemoteEngine, within_limits
from .remote.failure import ServerFailed
from .remote.line import hung_up
from .remote.pcm import PcmDecoder
from .remote.talk import Talk
from .remote.voices import Listing
from .remote.words import line_of
from .remote.wyoming import WyomingServer

_CODES = {"unknown-voice": "unknown_voice", "busy": "busy", "timeout": "timeout"}
"""What the codes of services like this one are to an engine."""


class WyomingRemoteEngine(RemoteEngine[WyomingServer]):
    """Speaks with the voices of such a server."""

    @classmethod
    def server_of(cls, spec: ModelSpec) -> WyomingServer:
        return WyomingServer.of(spec)

    def _speak(self, server: WyomingServer, request: EngineRequest) -> Iterator[Audio]:
        _check(request, self._listing, server)
        with server.talk(server.limits.first_audio, request.cancel) as talk:
            talk.say(Event("synthesize", {"text": request.text, "voice": _voice(request)}))
            yield from within_limits(_audio(talk, server, request), server, talk.line)


def _check(request: EngineRequest, listing: Listing | None, server: WyomingServer) -> None:
    """Refuse a voice that is not there: servers speak with another one then, and do not say so."""
    if listing is None:
        return
    voice = listing.find(request.voice)
    if voice is None:
        raise EngineError(f"{server.address} has no voice {request.voice!r}", "unknown_voice")
    if request.speaker is not None and voice.speakers and request.speaker not in voice.speakers:
        raise EngineError(f"{request.voice} has no speaker {request.speaker!r}", "unknown_voice")


def _voice(request: EngineRequest) -> dict[str, str]:
    fields = {"name": request.voice, "speaker": request.speaker, "language": request.language}
    return {name: value for name, value in fields.items() if value}


def _audio(talk: Talk, server: WyomingServer, request: EngineRequest) -> Iterator[Audio]:
    decoder: PcmDecoder | None = None
    while event := talk.hear():
        match event.type:
            case "audio-start" | "audio-chunk":
                decoder = _decoder(event, decoder, server)
                samples = decoder.feed(event.payload or b"")
                if len(samples):
                    yield Audio(samples, decoder.rate)
            case "audio-stop":
                if decoder and not decoder.is_whole:
                    raise hung_up(server.address)
                return
            case "error":
                raise _failed(event, server, request)
    raise hung_up(server.address)


def _decoder(event: Event, before: PcmDecoder | None, server: WyomingServer) -> PcmDecoder:
    form = [event.data.get(name) for name in ("rate", "width", "channels")]
    if not all(isinstance(number, int) for number in form):
        raise ServerFailed(f"{server.address} sends audio without saying what kind it is")
    rate, width, channels = (int(number or 0) for number in form)
    if before is None:
        return PcmDecoder(rate, width, channels)
    if (before.rate, before.width, before.channels) != (rate, width, channels):
        raise ServerFailed(f"{server.address} changes the kind of its audio in the middle")
    return before


def _failed(event: Event, server: WyomingServer, request: EngineRequest) -> EngineError:
    said = line_of(str(event.data.get("text") or "it does not say why"))
    text = f"{server.address} could not speak with {request.voice!r}: {said}"
    code = _CODES.get(str(event.data.get("code")))
    return EngineError(text, code) if code else ServerFailed(text)


ENGINE = WyomingRemoteEngine
