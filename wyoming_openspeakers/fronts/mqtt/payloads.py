"""What is said on each topic: the schemas of all payloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ...events import DownloadState, JobKind, JobState, ModelState
from .topics import Topics

Status = Literal["idle", "loading", "speaking"]
ModelEventType = Literal["loading", "loaded", "parked", "evicted", "failed"]
ErrorSource = Literal["job", "model", "download", "worker", "command"]


class Payload(BaseModel):
    """A JSON object on a topic."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceAbout(Payload):
    """Who speaks here."""

    name: str = "wyoming-openspeakers"
    version: str
    installation: str = Field(description="An id that stays the same.")
    url: str = Field(description="The side server; empty when it is off.")


class ModelAbout(Payload):
    """A model and where it is."""

    id: str
    name: str
    state: ModelState
    device: str | None = Field(description="`cpu`, `cuda:0`; null while it is in no memory.")
    memory: int = Field(description="Bytes that it takes.")


class ModelsAbout(Payload):
    """All models."""

    models: list[ModelAbout]


class QueueAbout(Payload):
    """Who waits."""

    waiting: int = Field(description="Sentences that wait for a turn.")
    jobs: int = Field(description="Texts of which nothing was spoken yet.")


class GpuAbout(Payload):
    """A GPU; null for what its driver does not tell."""

    index: int
    uuid: str
    name: str
    memory_total: int = Field(description="Bytes.")
    memory_used: int
    utilisation: int | None = Field(description="Per cent.")
    temperature: int | None = Field(description="Degrees Celsius.")
    power: float | None = Field(description="Watts.")
    models: dict[str, int] = Field(description="Bytes of each model.")


class JobAbout(Payload):
    """A text that is or was spoken."""

    id: str
    state: JobState
    client: str
    front: str = Field("", description="How it came, once it has ended: wyoming, http.")
    kind: JobKind | None = Field(None, description="Whether somebody listened, once it has ended.")
    voice: str | None = None
    model: str | None = None
    language: str | None = None
    position: int = Field(0, description="How many go first while it is queued.")
    queued_ms: int | None = Field(None, description="Until an engine, or the cache, began with it.")
    loading_ms: int | None = Field(None, description="How long it waited for its model.")
    first_audio_ms: int | None = None
    total_ms: int | None = None
    audio_seconds: float | None = None
    real_time_factor: float | None = Field(None, description="Seconds of work for a second of audio.")
    characters: int | None = None
    text: str | None = Field(None, description="Its beginning, where the history keeps texts.")
    error: str | None = None
    at: str | None = Field(None, description="When it ended.")


class JobEvent(JobAbout):
    """A text went from one step to the next."""

    event_type: JobState


class ErrorAbout(Payload):
    """What went wrong last."""

    error: str = Field(max_length=255, description="Short enough for a state in Home Assistant.")
    detail: str = Field(description="All of it.")
    source: ErrorSource
    name: str = Field(description="The job, model, download or worker.")
    at: str


class ErrorEvent(ErrorAbout):
    """Something went wrong."""

    event_type: Literal["error"] = "error"


class ModelEvent(Payload):
    """A model came, went or failed."""

    event_type: ModelEventType
    model: str
    device: str | None
    memory: int = Field(description="Bytes.")
    error: str | None


class DownloadAbout(Payload):
    """How far a download is."""

    name: str
    state: DownloadState
    file: str
    done: int = Field(description="Bytes.")
    total: int = Field(description="Bytes, 0 while that is not known.")
    percent: int | None
    rate: float = Field(description="Bytes per second.")
    remaining: float | None = Field(description="Seconds.")
    error: str | None


class DownloadEvent(DownloadAbout):
    """A download came further; told once a second, and at its end."""

    event_type: DownloadState


@dataclass(frozen=True)
class Documented:
    """A topic, and what is said there."""

    topic: str
    type: Any
    """As TypeAdapter takes it; a type that is no Payload is said as plain text."""

    meaning: str
    retained: bool = True

    def schema(self) -> dict[str, Any]:
        """The JSON schema of what is said."""
        return TypeAdapter(self.type).json_schema()

    @property
    def is_json(self) -> bool:
        """Whether it is an object rather than plain text."""
        return isinstance(self.type, type) and issubclass(self.type, Payload)


def documented(topics: Topics) -> list[Documented]:
    """Every topic that the service speaks on by itself."""
    seconds = Annotated[float, Field(ge=-1)]
    return [
        Documented(topics.availability, Literal["online", "offline"], "Whether the service is there."),
        Documented(topics.service, ServiceAbout, "Which service it is."),
        Documented(topics.state, Status, "What it does now."),
        Documented(topics.models, ModelsAbout, "All models, and where each is."),
        Documented(topics.queue, QueueAbout, "Who waits."),
        Documented(topics.gpu("INDEX"), GpuAbout, "Readings of a GPU."),
        Documented(topics.last_job, JobAbout, "The text that ended last."),
        Documented(topics.last_error, ErrorAbout, "What went wrong last."),
        Documented(topics.voice, str, "The default voice."),
        Documented(topics.model, str, "The default voice's model."),
        Documented(topics.speed, float, "The default speed."),
        Documented(topics.keep_alive, seconds, "Seconds that an idle model stays; -1 for good."),
        Documented(topics.download_of("NAME"), DownloadAbout, "A download that is under way."),
        Documented(topics.job_events, JobEvent, "A text went from one step to the next.", retained=False),
        Documented(topics.model_events, ModelEvent, "A model came, went or failed.", retained=False),
        Documented(topics.download_events, DownloadEvent, "A download came further or ended.", retained=False),
        Documented(topics.error_events, ErrorEvent, "Something went wrong.", retained=False),
    ]
