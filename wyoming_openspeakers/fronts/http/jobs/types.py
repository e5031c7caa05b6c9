"""What jobs, batches and the history look like to HTTP clients."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from ....config.values import parse_keep_alive
from ....events import JobKind
from ....history.entry import Status
from ....speech.audio.formats import AudioFormat
from ..api import Body, Query
from .dates import Since, Until, check_order

Text = Annotated[str, Field(description="What to speak.")]
PageNumber = Annotated[int, Field(ge=1, le=1_000_000_000)]
PageSize = Annotated[int, Field(ge=1, le=100)]
Search = Annotated[str, Field(max_length=200, description="What the text contains, in any case of letters.")]


class _HowBody(Body):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    model_id: str | None = Field(
        None,
        max_length=200,
        validation_alias=AliasChoices("model_id", "model"),
        description="A model's id, or another name of it; when left out, the voice's, or that of the default voice for "
        "the text's language.",
    )
    voice_id: str | None = Field(
        None,
        max_length=500,
        validation_alias=AliasChoices("voice_id", "voice"),
        description="A voice's name, full or short, a mixture, or the id of a profile; the model's default voice when "
        "left out.",
    )
    language: str | None = Field(None, max_length=35, description="BCP 47 tag of the text.")
    speed: float | None = Field(None, ge=0.25, le=4, description="1 is the voice's own.")
    output_format: AudioFormat = Field(
        "mp3", validation_alias=AliasChoices("output_format", "response_format", "format")
    )
    extra: dict[str, Any] = Field({}, description="The engine's own parameters; see the model's `parameters`.")
    keep_alive: float | str | None = Field(
        None, description="How long the model stays afterwards: seconds, 5m, 0 for not at all, -1 for good."
    )
    pitch: float = Field(0.0, ge=-12, le=12, description="Semitones.")
    seed: int | None = Field(None, ge=0, le=2**32 - 1, description="Makes the same request sound the same.")
    instructions: str = Field("", max_length=4000, description="How to speak, for voices that follow instructions.")
    words: bool = Field(False, description="Find out when each word is said.")

    @field_validator("keep_alive")
    @classmethod
    def _is_time(cls, value: float | str | None) -> float | str | None:
        if value is not None:
            parse_keep_alive(value)
        return value


class GenerateBody(_HowBody):
    """A text to speak into a file."""

    text: Text


class BatchBody(_HowBody):
    """Lines to speak into a file each."""

    lines: list[Text] = Field(min_length=1, description="One text each.")


class _Times(Query):
    since: Since = None
    until: Until = None

    @field_validator("until")
    @classmethod
    def _is_later(cls, value: float | None, info: ValidationInfo) -> float | None:
        check_order(info.data.get("since"), value)
        return value


class JobsQuery(_Times):
    """Which jobs to list."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    page: PageNumber = 1
    page_size: PageSize = 20
    model_id: str | None = None
    status: Status | None = None
    search: Search = ""


class DeleteQuery(Query):
    """What to do with a job."""

    purge: bool = Field(False, description="Delete a job that is over, with its audio.")


class AudioQuery(Query):
    """How to have audio."""

    format: AudioFormat | None = Field(None, description="Another format than it is kept in.")


class HistoryFilters(_Times):
    """Which entries of the history are meant."""

    kind: JobKind | None = None
    front: str | None = None
    model: str | None = None
    voice: str | None = None
    status: Status | None = None
    search: Search = ""


class HistoryQuery(HistoryFilters):
    """Which entries of the history to list."""

    page: PageNumber = 1
    page_size: PageSize = 20


class ClearQuery(HistoryFilters):
    """Which entries of the history to delete; a name that is not known may be a slip, and is refused."""

    model_config = ConfigDict(extra="forbid")

    id: list[str] = Field([], max_length=100, description="Only these; may stand there more than once.")
    all: bool = Field(False, description="Delete without any filter.")

    @field_validator("front", "model", "voice", "search", "id")
    @classmethod
    def _says_something(cls, value: str | list[str] | None) -> str | list[str] | None:
        if not value:
            raise ValueError("must not be empty")
        return value

    @property
    def filters(self) -> bool:
        """Whether anything is filtered by."""
        return bool(self.model_fields_set - {"all"})


class Submitted(BaseModel):
    """A job was taken."""

    job_id: str
    status: Status
    message: str


class BatchSubmitted(BaseModel):
    """A batch was taken."""

    batch_id: str
    job_ids: list[str]
    total: int


class Job(BaseModel):
    """A text that is spoken into a file."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    model_id: str | None
    text: str | None = Field(description="Null where texts are not kept.")
    voice_id: str | None
    voice_profile_id: str | None
    parameters: dict[str, Any] = Field(description="How it was to be spoken, where that was said.")
    status: Status
    error_message: str | None
    duration_seconds: float | None = Field(description="Of the audio.")
    processing_time_ms: int | None
    created_at: datetime
    completed_at: datetime | None
    batch_id: str | None
    speaker_similarity: float | None = None
    language: str | None
    format: str | None
    progress: float = Field(description="From 0 to 1.")
    position: int | None = Field(description="How many go first; null when it does not wait.")
    first_audio_ms: int | None
    audio_url: str | None = Field(description="Where the audio is, while it is kept.")
    words_url: str | None = Field(description="Where the times of its words are, where they were asked for.")


class JobPage(BaseModel):
    """A page of jobs, the newest first."""

    jobs: list[Job]
    total: int
    page: int
    page_size: int


class Batch(BaseModel):
    """Lines that were sent together."""

    batch_id: str
    total: int
    status_counts: dict[Status, int]
    jobs: list[Job]


class HistoryItem(BaseModel):
    """Something that was spoken, or is to be."""

    id: str
    kind: JobKind = Field(description="Live, or a job, alone or in a batch.")
    status: Status
    front: str
    client: str
    text: str | None = Field(description="Null where texts are not kept.")
    characters: int
    model: str | None
    voice: str | None
    profile: str | None
    language: str | None
    parameters: dict[str, Any]
    batch: str | None
    created_at: datetime
    completed_at: datetime | None
    queued_ms: int | None
    first_audio_ms: int | None
    total_ms: int | None
    duration_seconds: float | None
    error: str | None
    format: str | None
    bytes: int
    audio_url: str | None


class HistoryPage(BaseModel):
    """A page of the history, the newest first."""

    entries: list[HistoryItem]
    total: int
    is_total_exact: bool = Field(description="Otherwise there are about so many.")
    page: int
    page_size: int


class Deleted(BaseModel):
    """How many entries were deleted."""

    deleted: int


def moment(time: float) -> datetime:
    """Unix time as ISO 8601 will have it."""
    return datetime.fromtimestamp(time, UTC)


def milliseconds(seconds: float | None) -> int | None:
    """Whole ones."""
    return None if seconds is None else round(1000 * seconds)
