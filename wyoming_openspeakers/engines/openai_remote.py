"""Any server that speaks OpenAI's speech API: vllm-omni, sglang-omni, another service like this one.

The model's entry says where it is, under `parameters`: `url`, and whatever of `SETTINGS` that server needs.
"""

from __future__ import annotations

import base64
import functools
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from .base import Audio, Capabilities, Engine, EngineError, EngineRequest, ModelSpec, Reference, Voice
from .control import CancelFlag, Cancelled
from .onnx_session import on_processor
from .remote.address import Address, http_address
from .remote.events import SpeechEvents
from .remote.http import Answer, HttpServer
from .remote.languages import name_of
from .remote.line import hung_up
from .remote.own import is_own
from .remote.pcm import SoundDecoder
from .remote.settings import Settings, wrong
from .remote.voices import Listing, read_voices, without_own
from .remote.watch import DEADLINE, Known, identity_of, kept_listing, listing_file, watched

SETTINGS = (
    "url", "api_key_env", "api_key_file", "ca", "model", "voices", "rate", "stream", "language", "speed", "clones",
    "needs_transcript", "designs", "instructs", "concurrency", "first_audio", "audio_gap", "extra",
)  # fmt: skip

RATE = 24_000
LONGEST = 600
"""Seconds of audio that no segment has."""

_LARGEST_LIST = 8 << 20
_LARGEST_REFERENCE = 32 << 20
_SSE = "text/event-stream"
_RAW = ("", "audio/pcm", "audio/l16", "audio/x-raw", "audio/raw", "application/octet-stream", "binary/octet-stream")
_WAV = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
_NO_LIST = (404, 405, 501)


@dataclass(frozen=True)
class Remote:
    """A server as the model's entry describes it."""

    address: Address
    settings: Settings
    model: str
    rate: int
    first_audio: float
    audio_gap: float

    @staticmethod
    def of(spec: ModelSpec) -> Remote:
        """Read a model's entry; raises an EngineError that names what is wrong."""
        settings = Settings(spec.parameters, SETTINGS)
        _capabilities(settings)
        for name in ("api_key_env", "api_key_file", "ca"):
            settings.text(name)
        settings.items("voices")
        settings.flag("stream", True)
        settings.choice("language", "none", "tag", "name")
        settings.fields("extra")
        return Remote(
            http_address(settings.text("url")),
            settings,
            settings.text("model"),
            int(settings.number("rate", 0, 0, 192_000)),
            settings.number("first_audio", 25, 0.1, 3600),
            settings.number("audio_gap", 12, 0.1, 3600),
        )

    def server(self) -> HttpServer:
        """It, with its key."""
        key, place = self.settings.key()
        context = _trust(self.settings.text("ca")) if self.address.scheme == "https" else None
        return HttpServer(self.address, key, place, context)

    def listing(self, model_id: str) -> Listing:
        """Ask what it has."""
        server = self.server()
        cancel = CancelFlag()
        # Even where all is known: that it answers, and takes the key.
        models = _get(server, "/models", cancel)
        first = self.model or next((str(item["id"]) for item in _items(models) if _has_id(item)), "")
        if (named := self.settings.items("voices")) is not None:
            return Listing(read_voices(named), first)
        query = f"?model={_quoted(self.model)}" if self.model else ""
        voices = _get(server, f"/audio/voices{query}", cancel)
        return without_own(Listing(read_voices(_items(voices)), first), model_id)


class OpenAIRemoteEngine(Engine):
    """Speaks with the voices of a server."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=8,
        # A step waits for the server; nobody else shall wait with it.
        parallel=True,
        speed=(0.25, 4.0),
        pads_silence=True,
        devices=("cpu",),
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "openai_remote")
        self._remote: Remote | None = None
        self._server: HttpServer | None = None

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        try:
            remote, known = _known(spec)
        except EngineError:
            return []
        return known.listing.offered(spec, remote.rate, str(remote.address)) if known.listing else []

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        try:
            return _capabilities(Settings(spec.parameters, SETTINGS))
        except EngineError:
            # What is wrong is told as the model's problem.
            return cls.capabilities

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        try:
            remote, known = _known(spec)
            remote.settings.key()
        except EngineError as error:
            return str(error)
        if known.listing is None:
            return known.problem
        able = cls.capabilities_of(spec)
        if not known.listing.voices and not able.cloning and not able.designs:
            return f"{remote.address} does not list its voices; name them under parameters.voices"
        return None

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("A remote model", device)
        self._remote = Remote.of(spec)
        self._server = self._remote.server()
        self._spec = spec

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        if request.cancel:
            raise Cancelled
        if not any(map(str.isalnum, request.text)):
            return
        remote, server = self._remote, self._server
        if remote is None or server is None:
            raise EngineError("The model is not loaded")
        body = self._body(remote, request)
        with server.ask("POST", "/audio/speech", body, remote.first_audio, request.cancel) as answer:
            if answer.status != 200:
                raise _explained(answer, body)
            yield from _audio(answer, remote)

    def unload(self) -> None:
        self._remote = self._server = None

    def _body(self, remote: Remote, request: EngineRequest) -> dict[str, Any]:
        settings = remote.settings
        body: dict[str, Any] = {
            "input": request.text,
            "stream": settings.flag("stream", True),
            "stream_format": "audio",
            "response_format": "pcm",
            **settings.fields("extra"),
        }
        kept = kept_listing(listing_file(self._spec), identity_of(self._spec)) or Listing()
        voice = next((voice for voice in kept.voices if voice.name == request.voice), None)
        if model := remote.model or (voice.model if voice else "") or kept.model:
            body["model"] = model
        if request.references:
            body |= _cloned(request.references[0], str(body.get("task_type", "")))
        elif request.design:
            body["instructions"] = request.design
        else:
            body["voice"] = request.voice
        if request.instructions:
            body["instructions"] = ". ".join(filter(None, [body.get("instructions"), request.instructions]))
        if request.speed != 1:
            body["speed"] = request.speed
        if request.seed is not None:
            body["seed"] = request.seed
        style = settings.choice("language", "none", "tag", "name")
        language = request.language if style == "tag" else name_of(request.language or "") if style == "name" else None
        if language:
            body["language"] = language
        return body


def _capabilities(settings: Settings) -> Capabilities:
    base = OpenAIRemoteEngine.capabilities
    return replace(
        base,
        streaming=settings.flag("stream", True),
        concurrency=int(settings.number("concurrency", base.concurrency, 1, 256)),
        speed=settings.range("speed", (0.25, 4.0)),
        cloning=settings.flag("clones", False),
        needs_transcript=settings.flag("needs_transcript", False),
        designs=settings.flag("designs", False),
        instructions=settings.flag("instructs", False),
    )


def _known(spec: ModelSpec) -> tuple[Remote, Known]:
    remote = Remote.of(spec)
    return remote, watched(spec, str(remote.address), functools.partial(remote.listing, spec.id))


def _get(server: HttpServer, path: str, cancel: CancelFlag) -> Any:
    """A list of the server's, None where it has no such list."""
    with server.ask("GET", path, None, DEADLINE, cancel) as answer:
        if is_own(answer.connection.connection):
            raise EngineError(f"{server.address} is this service itself", "bad_parameter")
        if answer.status in _NO_LIST:
            return None
        answer.check()
        data = answer.whole(_LARGEST_LIST)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise EngineError(f"{server.address} does not answer with JSON; is it a speech server?") from None


def _items(tree: Any) -> list[Any]:
    """The things in a list, wherever this kind of server puts it."""
    if isinstance(tree, list):
        return tree
    if not isinstance(tree, dict):
        return []
    found = next((tree[name] for name in ("voices", "data", "items") if isinstance(tree.get(name), (list, dict))), [])
    more = tree.get("uploaded_voices")
    return [*found, *(more if isinstance(more, list) else [])]


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _trust(file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file or None)
    except (OSError, ssl.SSLError):
        raise wrong("ca", f"names {file}, which holds no certificates that can be read") from None


def _cloned(reference: Reference, task: str) -> dict[str, Any]:
    """How to say whom to speak like."""
    try:
        data = Path(reference.path).read_bytes()
    except OSError:
        data = b""
    if not 44 < len(data) <= _LARGEST_REFERENCE:
        raise EngineError("The recording of this voice is missing or damaged; upload it again", "bad_parameter")
    fields: dict[str, Any] = {"ref_audio": f"data:audio/wav;base64,{base64.b64encode(data).decode()}"}
    if reference.transcript:
        fields["ref_text"] = reference.transcript
    elif task == "Base":
        fields["x_vector_only_mode"] = True
    return fields


def _explained(answer: Answer, body: dict[str, Any]) -> EngineError:
    """Why a server does not speak."""
    try:
        answer.check()
    except EngineError as error:
        text = str(error)
        speaks_of_voice = any(word in text.lower() for word in ("voice", "speaker"))
        if error.code == "not_found" or (answer.status in (400, 422) and speaks_of_voice):
            asked = f"the voice {body['voice']!r}" if "voice" in body else "this kind of voice"
            return EngineError(f"{text} (asked for {asked} of {body.get('model') or 'its model'})", "unknown_voice")
        return error
    return EngineError(f"The server answered with {answer.status}")


def _audio(answer: Answer, remote: Remote) -> Iterator[Audio]:
    kind = answer.headers.get_content_type() if answer.headers.get("content-type") else ""
    decoder = SoundDecoder(_rate(answer) or remote.rate or RATE)
    events = SpeechEvents() if kind == _SSE else None
    if events is None and kind not in (*_RAW, *_WAV):
        raise EngineError(f"{remote.address} sends {kind} where audio/pcm was asked for")
    seconds = 0.0
    for data in answer.pieces(remote.first_audio):
        pieces: list[bytes] = [data]
        if events:
            found = list(events.feed(data))
            pieces = [piece.audio for piece in found]
            if rate := next((piece.rate for piece in found if piece.rate), 0):
                decoder.set_rate(rate)
        for piece in pieces:
            samples = decoder.feed(piece)
            if not len(samples):
                continue
            seconds += len(samples) / decoder.rate
            if seconds > LONGEST:
                raise EngineError(f"{remote.address} does not stop speaking; it was given up after {LONGEST} s")
            yield Audio(samples, decoder.rate)
            answer.more(remote.audio_gap)
        if events and events.is_done:
            break
    if not decoder.is_whole or (events and not events.is_done and not answer.tells_its_end):
        raise hung_up(remote.address)


def _rate(answer: Answer) -> int:
    """The rate that a content type tells: `audio/pcm;rate=44100`."""
    for name in ("rate", "sample_rate"):
        value = answer.headers.get_param(name)
        if isinstance(value, str) and value.isdecimal():
            return int(value)
    return 0


ENGINE = OpenAIRemoteEngine
