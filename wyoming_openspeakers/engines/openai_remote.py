"""Any server that speaks OpenAI's speech API: vllm-omni, sglang-omni, another service like this one.

The model's entry says where it is, under `parameters`: `url`, and whatever of `remote.openai.SETTINGS` it needs.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from .base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Reference, Voice
from .capabilities import Capabilities
from .control import Cancelled
from .onnx_session import on_processor
from .remote.http import Answer, HttpServer
from .remote.languages import name_of
from .remote.openai import SPEED, OpenAIServer
from .remote.sound import sound_of
from .remote.watch import Known, kept_listing, watched

_LARGEST_REFERENCE = 32 << 20
_WAV_HEADER = 44


class OpenAIRemoteEngine(Engine):
    """Speaks with the voices of a server."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=8,
        parallel=True,
        waits=True,
        speed=SPEED,
        pads_silence=True,
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "openai_remote")
        self._server: OpenAIServer | None = None
        self._http: HttpServer | None = None

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        try:
            server, known = _known(spec)
        except EngineError:
            return []
        return known.listing.offered(spec, server.rate, str(server.address)) if known.listing else []

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        try:
            server = OpenAIServer.of(spec)
        except EngineError:
            # What is wrong is told as the model's problem.
            return cls.capabilities
        return replace(
            cls.capabilities,
            streaming=server.streams,
            concurrency=server.concurrency,
            speed=server.speed,
            cloning=server.clones,
            needs_transcript=server.needs_transcript,
            designs=server.designs,
            instructions=server.instructs,
        )

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        try:
            server, known = _known(spec)
            server.settings.key()
        except EngineError as error:
            return str(error)
        if known.listing is None:
            return known.problem
        if not known.listing.voices and not server.clones and not server.designs:
            return f"{server.address} does not list its voices; name them under parameters.voices"
        return None

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("A remote model", device)
        self._server = OpenAIServer.of(spec)
        self._http = self._server.connect()
        self._spec = spec

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        if request.cancel:
            raise Cancelled
        if not any(map(str.isalnum, request.text)):
            return
        server, http = self._server, self._http
        if server is None or http is None:
            raise EngineError("The model is not loaded")
        body = self._body(server, request)
        with http.ask("POST", "/audio/speech", body, server.first_audio, request.cancel) as answer:
            _check(answer, body)
            yield from sound_of(answer, server)

    def unload(self) -> None:
        self._server = self._http = None

    def _body(self, server: OpenAIServer, request: EngineRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "input": request.text,
            "stream": server.streams,
            "stream_format": "audio",
            "response_format": "pcm",
            **server.extra,
        }
        if model := server.model or self._model_of(request.voice):
            body["model"] = model
        if request.references:
            body |= _likeness(request.references[0], str(body.get("task_type", "")))
        elif not request.design:
            body["voice"] = request.voice
        if how := ". ".join(filter(None, (request.design, request.instructions))):
            body["instructions"] = how
        if request.speed != 1:
            body["speed"] = request.speed
        if request.seed is not None:
            body["seed"] = request.seed
        tag = request.language or ""
        if language := {"tag": tag, "name": name_of(tag)}.get(server.language):
            body["language"] = language
        return body

    def _model_of(self, voice: str) -> str:
        """The server's model that has a voice, or its first; empty where it does not tell."""
        kept = kept_listing(self._spec)
        if kept is None:
            return ""
        known = kept.find(voice)
        return (known.model if known else "") or kept.model


def _known(spec: ModelSpec) -> tuple[OpenAIServer, Known]:
    server = OpenAIServer.of(spec)
    return server, watched(spec, str(server.address), functools.partial(server.listing, spec.id))


def _likeness(reference: Reference, task: str) -> dict[str, Any]:
    """How to say whom to speak like."""
    try:
        data = Path(reference.path).read_bytes()
    except OSError:
        data = b""
    if not _WAV_HEADER < len(data) <= _LARGEST_REFERENCE:
        raise EngineError("The recording of this voice is missing or damaged; upload it again", "bad_parameter")
    fields: dict[str, Any] = {"ref_audio": f"data:audio/wav;base64,{base64.b64encode(data).decode()}"}
    if reference.transcript:
        fields["ref_text"] = reference.transcript
    elif task == "Base":
        # So Qwen3-TTS goes by the sound of the voice alone.
        fields["x_vector_only_mode"] = True
    return fields


def _check(answer: Answer, body: dict[str, Any]) -> None:
    """Raise what an answer other than success means, here where it is known what was asked for."""
    try:
        answer.check()
    except EngineError as error:
        is_about_voice = any(word in str(error).lower() for word in ("voice", "speaker"))
        if error.code == "not_found" or (answer.status in (400, 422) and is_about_voice):
            asked = f"the voice {body['voice']!r}" if "voice" in body else "this kind of voice"
            text = f"{error} (asked for {asked} of {body.get('model') or 'its model'})"
            raise EngineError(text, "unknown_voice") from None
        raise


ENGINE = OpenAIRemoteEngine
