"""What OpenAI's clients send and read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from ....config.values import KeepAlive
from ....speech.audio.formats import AudioFormat
from ..api import Body, Query


class VoiceId(BaseModel):
    """A voice by its id."""

    id: str = Field(min_length=1, max_length=500)


class SpeechBody(Body):
    """A text to speak, and how."""

    model: str = Field(
        "tts-1", max_length=300, description="Model, or another service's name for one: tts-1, gpt-4o-mini-tts."
    )
    input: str = Field(min_length=1, description="The text.")
    voice: str | VoiceId | None = Field(
        None,
        description="Name or id of a voice, or a mixture such as `af_bella(2)+af_sky(1)`; the model's own if none.",
    )
    instructions: str | None = Field(None, description="How to speak, for voices that follow instructions.")
    response_format: AudioFormat | None = Field(
        None, validation_alias=AliasChoices("response_format", "format"), description="mp3 if none is given."
    )
    speed: float | None = Field(None, ge=0.25, le=4.0, description="1 is the voice's own.")
    stream_format: Literal["audio", "sse"] | None = Field(
        None, description="The audio itself, or events with pieces of it."
    )
    language: str | None = Field(
        None,
        max_length=35,
        validation_alias=AliasChoices("language", "lang_code"),
        description="BCP 47 tag of the text, to go by instead of the voice or the text itself.",
    )
    pitch: float | None = Field(None, ge=-12, le=12, description="Semitones up or down.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Makes the same request sound the same.")
    keep_alive: KeepAlive | None = Field(
        None, description="How long the model stays in memory afterwards: seconds, 5m, 0 for not at all, -1 for good."
    )
    extra: dict[str, Any] | None = Field(None, description="The engine's own parameters.")


class OpenAIModel(BaseModel):
    """A model that can speak now."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    name: str = Field(description="What a person reads.")


class OpenAIModels(BaseModel):
    """All of them, and their other names."""

    object: Literal["list"] = "list"
    data: list[OpenAIModel]
    models: list[OpenAIModel] = Field(description="The same, under the name that other clients look for.")


class OpenAIVoice(BaseModel):
    """A voice that can be used now."""

    id: str
    name: str
    object: Literal["audio.voice"] = "audio.voice"
    model: str
    language: str | None = None
    gender: str | None = None


class OpenAIVoices(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    voices: list[OpenAIVoice]
    data: list[OpenAIVoice] = Field(description="The same, under the name that other clients look for.")


class VoicesQuery(Query):
    """Which voices to list."""

    model: str = Field("", max_length=300, description="Only those of this model.")
