"""Any server that speaks OpenAI's speech API: vllm-omni, sglang-omni, another service like this one.

The model's entry says where it is, under `parameters`: `url`, and whatever of `remote.openai.SETTINGS` it needs.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from .base import Audio, EngineError, EngineRequest, ModelSpec, Reference
from .capabilities import Capabilities
from .remote.engine import RemoteEngine, within_limits
from .remote.http import Answer, HttpServer
from .remote.languages import name_of
from .remote.openai import SPEED, OpenAIServer
from .remote.sound import sound_of

_LARGEST_REFERENCE = 32 << 20
_WAV_HEADER = 44


class OpenAIRemoteEngine(RemoteEngine[OpenAIServer]):
    """Speaks with the voices of such a server."""

    capabilities: ClassVar[Capabilities] = replace(RemoteEngine.capabilities, streaming=True, speed=SPEED)

    def __init__(self) -> None:
        super().__init__()
        self._http: HttpServer | None = None

    @classmethod
    def server_of(cls, spec: ModelSpec) -> OpenAIServer:
        return OpenAIServer.of(spec)

    def load(self, spec: ModelSpec, device: str) -> None:
        super().load(spec, device)
        # Once, for it reads the key and the certificates.
        self._http = self.server_of(spec).connect()

    def unload(self) -> None:
        super().unload()
        self._http = None

    def _speak(self, server: OpenAIServer, request: EngineRequest) -> Iterator[Audio]:
        assert self._http is not None
        body = self._body(server, request)
        with self._http.ask("POST", "/audio/speech", body, server.limits.first_audio, request.cancel) as answer:
            _check(answer, body)
            yield from within_limits(sound_of(answer, server), server, answer.line)

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
        listing = self._listing
        if listing is None:
            return ""
        known = listing.find(voice)
        return (known.model if known else "") or listing.model


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
