"""Any Wyoming server that speaks: wyoming-piper, another service like this one.

The model's entry says where it is, under `parameters`: `url: tcp://piper.local:10200`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from wyoming.event import Event

from .base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Voice
from .capabilities import Capabilities
from .control import CancelFlag, Cancelled
from .onnx_session import on_processor
from .remote.address import Address, wyoming_address
from .remote.dial import dial
from .remote.line import Line, hung_up
from .remote.own import is_own
from .remote.pcm import PcmDecoder
from .remote.settings import Settings
from .remote.sound import LONGEST
from .remote.talk import Talk
from .remote.voices import Listing, read_voices, without_own
from .remote.watch import DEADLINE, Known, kept_listing, watched
from .remote.words import line_of

SETTINGS = ("url", "program", "stream", "concurrency", "first_audio", "audio_gap")

_CODES = {"unknown-voice": "unknown_voice", "busy": "busy", "timeout": "timeout"}
"""What the codes of services like this one are to an engine."""


@dataclass(frozen=True)
class Remote:
    """A server as the model's entry describes it."""

    address: Address
    program: str
    streams: bool
    """Whether there is audio before a sentence is whole; of most servers there is not."""

    concurrency: int
    first_audio: float
    audio_gap: float

    @staticmethod
    def of(spec: ModelSpec) -> Remote:
        """Read a model's entry; raises an EngineError that names what is wrong."""
        settings = Settings(spec.parameters, SETTINGS)
        return Remote(
            wyoming_address(settings.text("url")),
            settings.text("program"),
            settings.flag("stream", False),
            int(settings.number("concurrency", WyomingRemoteEngine.capabilities.concurrency, 1, 256)),
            settings.number("first_audio", 25, 0.1, 3600),
            settings.number("audio_gap", 12, 0.1, 3600),
        )

    @contextmanager
    def talk(self, patience: float, cancel: CancelFlag) -> Iterator[Talk]:
        """A conversation with it."""
        with Line(dial(self.address, cancel), self.address, cancel) as line:
            line.expect(patience)
            yield Talk(line, self.address)

    def listing(self, model_id: str) -> Listing:
        """Ask what it has."""
        with self.talk(DEADLINE, CancelFlag()) as talk:
            if is_own(talk.line.connection):
                raise EngineError(f"{self.address} is this service itself", "bad_parameter")
            talk.say(Event("describe"))
            while (event := talk.hear()) and event.type != "info":
                pass
        if event is None:
            raise hung_up(self.address)
        return without_own(Listing(read_voices(self._installed(event.data))), model_id)

    def _installed(self, info: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The voices of the programs that speak."""
        for program in _objects(info.get("tts")):
            if program.get("installed") is False or self.program not in ("", program.get("name")):
                continue
            for voice in _objects(program.get("voices")):
                if voice.get("installed") is not False:
                    speakers = [speaker.get("name") for speaker in _objects(voice.get("speakers"))]
                    yield {"name": voice.get("name"), "languages": voice.get("languages"), "speakers": speakers,
                           "description": voice.get("description")}  # fmt: skip


class WyomingRemoteEngine(Engine):
    """Speaks with the voices of a server."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=False,
        concurrency=8,
        parallel=True,
        waits=True,
        pads_silence=True,
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "wyoming_remote")
        self._remote: Remote | None = None

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        try:
            remote, known = _known(spec)
        except EngineError:
            return []
        return known.listing.offered(spec, server=str(remote.address)) if known.listing else []

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        try:
            remote = Remote.of(spec)
        except EngineError:
            # What is wrong is told as the model's problem.
            return cls.capabilities
        return replace(cls.capabilities, streaming=remote.streams, concurrency=remote.concurrency)

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        try:
            remote, known = _known(spec)
        except EngineError as error:
            return str(error)
        if known.listing is None:
            return known.problem
        return None if known.listing.voices else f"{remote.address} has no voices; does it speak?"

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("A remote model", device)
        self._remote = Remote.of(spec)
        self._spec = spec

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        if request.cancel:
            raise Cancelled
        if not any(map(str.isalnum, request.text)):
            return
        remote = self._remote
        if remote is None:
            raise EngineError("The model is not loaded")
        _check(request, kept_listing(self._spec), remote)
        with remote.talk(remote.first_audio, request.cancel) as talk:
            talk.say(Event("synthesize", {"text": request.text, "voice": _voice(request)}))
            yield from _audio(talk, remote, request)

    def unload(self) -> None:
        self._remote = None


def _known(spec: ModelSpec) -> tuple[Remote, Known]:
    remote = Remote.of(spec)
    return remote, watched(spec, str(remote.address), functools.partial(remote.listing, spec.id))


def _check(request: EngineRequest, listing: Listing | None, remote: Remote) -> None:
    """Refuse a voice that is not there: servers speak with another one then, and do not say so."""
    if listing is None:
        return
    voice = listing.find(request.voice)
    if voice is None:
        raise EngineError(f"{remote.address} has no voice {request.voice!r}", "unknown_voice")
    if request.speaker is not None and voice.speakers and request.speaker not in voice.speakers:
        raise EngineError(f"{request.voice} has no speaker {request.speaker!r}", "unknown_voice")


def _voice(request: EngineRequest) -> dict[str, str]:
    fields = {"name": request.voice, "speaker": request.speaker, "language": request.language}
    return {name: value for name, value in fields.items() if value}


def _audio(talk: Talk, remote: Remote, request: EngineRequest) -> Iterator[Audio]:
    decoder: PcmDecoder | None = None
    seconds = 0.0
    while event := talk.hear():
        match event.type:
            case "audio-start" | "audio-chunk":
                decoder = _decoder(event, decoder, remote)
                samples = decoder.feed(event.payload or b"")
                if not len(samples):
                    continue
                seconds += len(samples) / decoder.rate
                if seconds > LONGEST:
                    raise EngineError(f"{remote.address} does not stop speaking; it was given up after {LONGEST} s")
                yield Audio(samples, decoder.rate)
                talk.line.expect(remote.audio_gap)
            case "audio-stop":
                if decoder and not decoder.is_whole:
                    raise hung_up(remote.address)
                return
            case "error":
                raise _failed(event, remote, request)
    raise hung_up(remote.address)


def _decoder(event: Event, before: PcmDecoder | None, remote: Remote) -> PcmDecoder:
    form = [event.data.get(name) for name in ("rate", "width", "channels")]
    if not all(isinstance(number, int) for number in form):
        raise EngineError(f"{remote.address} sends audio without saying what kind it is")
    rate, width, channels = (int(number or 0) for number in form)
    if before is None:
        return PcmDecoder(rate, width, channels)
    if (before.rate, before.width, before.channels) != (rate, width, channels):
        raise EngineError(f"{remote.address} changes the kind of its audio in the middle")
    return before


def _failed(event: Event, remote: Remote, request: EngineRequest) -> EngineError:
    said = line_of(str(event.data.get("text") or "it does not say why"))
    code = _CODES.get(str(event.data.get("code")), "engine_failed")
    return EngineError(f"{remote.address} could not speak with {request.voice!r}: {said}", code)


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


ENGINE = WyomingRemoteEngine
