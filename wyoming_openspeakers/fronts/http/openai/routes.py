"""What OpenAI's clients ask for: speech, models and voices."""

from __future__ import annotations

import time
from collections.abc import Sequence

from aiohttp import web

from ....errors import (
    Busy,
    InvalidRequest,
    ModelUnavailable,
    OutOfMemory,
    RemoteFailed,
    RemoteUnreachable,
    SynthesisFailed,
    TextTooLong,
    Timeout,
    UnknownModel,
    UnknownVoice,
)
from ....models.voices import InstalledVoice, VoiceCatalog
from ....speech.audio.encode import HTTP_RATE
from ....speech.audio.formats import MEDIA_TYPES
from ....speech.named import find_voice, full_name
from ....speech.parameters import check_parameters
from ....speech.request import SpeechRequest
from ..api import Call, Media, Operation, Query
from ..parts import Parts
from .events import SSE_TYPE
from .stream import SpeechStream
from .types import OpenAIModel, OpenAIModels, OpenAIVoice, OpenAIVoices, SpeechBody, VoiceId, VoicesQuery
from .voices import OpenAIVoiceRoutes

_TAG = "OpenAI"
_OWNER = "wyoming-openspeakers"


class OpenAIRoutes:
    """`/v1`."""

    def __init__(self, parts: Parts) -> None:
        self._manager = parts.manager
        self._speech = parts.speech
        self._own_voices = OpenAIVoiceRoutes(parts)
        self._created = int(time.time())

    def operations(self) -> Sequence[Operation]:
        """Speech, models and voices."""
        return (
            Operation(
                "POST", "/v1/audio/speech", self._speak, "Speak a text", _TAG,
                description="The sound comes while it is made. Once it has begun, a failure ends the connection "
                "before the end of the body, or comes as an `error` event.",
                body=SpeechBody,
                answer=Media((*MEDIA_TYPES.values(), SSE_TYPE), "The sound, or events with pieces of it."),
                errors=(
                    InvalidRequest, TextTooLong, UnknownModel, UnknownVoice, ModelUnavailable, Busy, OutOfMemory,
                    RemoteUnreachable, RemoteFailed, SynthesisFailed, Timeout,
                ),
            ),
            Operation(
                "GET", "/v1/models", self._list_models, "List the models that can speak now", _TAG,
                answer=OpenAIModels, listing=True,
            ),
            Operation(
                "GET", "/v1/models/{model:[^/]+(?:/[^/]+)?}", self._show_model, "Show a model", _TAG,
                answer=OpenAIModel, errors=(UnknownModel,), listing=True,
                parameters={"model": "Id of a model, or another name for one."},
            ),
            Operation(
                "GET", "/v1/audio/models", self._list_models, "List the models that can speak now", _TAG,
                answer=OpenAIModels, listing=True,
            ),
            Operation(
                "GET", "/v1/audio/voices", self._list_voices, "List the voices that can be used now", _TAG,
                query=VoicesQuery, answer=OpenAIVoices, errors=(UnknownModel,), listing=True,
            ),
            *self._own_voices.operations(),
        )  # fmt: skip

    async def _speak(self, call: Call[SpeechBody, Query]) -> web.StreamResponse:
        body = call.body
        text = self._text(body)
        voice = body.voice.id if isinstance(body.voice, VoiceId) else body.voice or ""
        chosen = await find_voice(self._manager, body.model, voice, body.language)
        capabilities = (chosen or self._manager.catalog.default(body.language)).installed.capabilities
        check_parameters(capabilities, body.extra or {})
        if body.pitch and capabilities.speed is None:
            raise InvalidRequest("This voice has one speed, and so its pitch cannot be changed", "pitch")
        request = SpeechRequest(
            voice=full_name(chosen) if chosen else None,
            language=body.language or None,
            speed=body.speed,
            pitch=body.pitch or 0.0,
            seed=body.seed,
            parameters=body.extra or {},
            instructions=body.instructions or "",
            keep_alive=body.keep_alive,
            client=call.client,
            front="http",
            output_rate=HTTP_RATE,
        )
        stream = SpeechStream(call.request, text, body.response_format or "mp3", body.stream_format or "audio")
        async with call.stream():
            return await stream.send(self._speech.speak(request, text))

    def _text(self, body: SpeechBody) -> str:
        if not body.input.strip():
            raise InvalidRequest("input has no text", "input")
        try:
            self._speech.check_length(body.input)
        except TextTooLong as error:
            error.param = "input"
            raise
        return body.input

    async def _list_models(self, call: Call[None, Query]) -> OpenAIModels:
        models = self._models(await self._speech.voices())
        return OpenAIModels(data=models, models=models)

    async def _show_model(self, call: Call[None, Query]) -> OpenAIModel:
        name = call.path["model"]
        models = self._models(await self._speech.voices())
        for model in models:
            if model.id == name:
                return model
        raise UnknownModel(f"There is no model {name!r}; models: {', '.join(model.id for model in models)}")

    async def _list_voices(self, call: Call[None, VoicesQuery]) -> OpenAIVoices:
        catalog = await self._speech.voices()
        model = self._model(catalog, call.query.model)
        voices = [_voice(one, one.name) for one in catalog.voices.values() if model in (None, one.model)]
        # The other service's names come last: whoever shows a list has the real ones first.
        aliases = [name for name in self._manager.registry.aliases if catalog.targets(name)]
        others = {name: chosen for name in aliases if (chosen := catalog.find(name))}
        voices += [
            _voice(chosen.installed, name, f"{name.title()} ({chosen.installed.name})")
            for name, chosen in others.items()
            if model in (None, chosen.model)
        ]
        return OpenAIVoices(voices=voices, data=voices)

    def _model(self, catalog: VoiceCatalog, name: str) -> str | None:
        """The model that has the voices which a list is asked for; None for all."""
        if not name:
            return None
        if chosen := catalog.find(name):
            return chosen.model
        known = self._manager.registry.resolve(name)
        if known is None:
            raise UnknownModel(f"There is no model {name!r}")
        return known

    def _models(self, catalog: VoiceCatalog) -> list[OpenAIModel]:
        """Those that have a voice, and the names that other services have for them."""
        registry = self._manager.registry
        usable = dict.fromkeys(voice.model for voice in catalog.voices.values())
        names = {model: registry.entry(model).name or model for model in usable}
        others = {name: chosen for name in sorted(registry.model_aliases) if (chosen := catalog.find(name))}
        names = names | {name: f"{name} ({chosen.model})" for name, chosen in others.items() if name not in names}
        return [
            OpenAIModel(id=model, name=name, created=self._created, owned_by=_OWNER) for model, name in names.items()
        ]


def _voice(installed: InstalledVoice, name: str, label: str = "") -> OpenAIVoice:
    voice = installed.voice
    return OpenAIVoice(
        id=name,
        name=label or voice.description or voice.name,
        model=installed.model,
        language=voice.languages[0] if voice.languages else None,
        gender=voice.gender,
    )
