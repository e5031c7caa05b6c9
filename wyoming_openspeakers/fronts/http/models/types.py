"""What the side server tells of models and downloads."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ....config.values import parse_keep_alive
from ....engines.capabilities import Capabilities
from ....events import DownloadChanged, DownloadState, ModelState
from ....models.hub.trending import HubListing, Trending
from ....models.inventory import Stock
from ....models.licences import UNKNOWN, forbids_commercial_use
from ....models.load_failures import LoadFailure
from ....models.registry import ModelEntry
from ..api import Body, Query

PITCH = 12
"""Semitones up and down."""


class LoadBody(Body):
    """How to load a model."""

    keep_alive: float | str | None = Field(
        None,
        description='How long it stays after its last use: seconds, "5m", 0 for not at all, -1 for good; '
        "as it is configured when left out.",
    )

    @field_validator("keep_alive", mode="before")
    @classmethod
    def _is_time(cls, value: Any) -> Any:
        if value is not None:
            parse_keep_alive(value)
        return value


class DownloadBody(Body):
    """What to download of a model."""

    voice: str = Field(
        "", max_length=200, description="For models whose voices are fetched one by one: en_US-lessac-medium."
    )


class FilesQuery(Query):
    """What to remove of a model."""

    voice: str = Field("", max_length=200, description="Only this voice, for models whose voices come one by one.")


class TrendingQuery(Query):
    """Which of the trending models."""

    count: int = Field(20, ge=1, le=100)
    refresh: bool = Field(False, description="Ask the hub even if the list is younger than half an hour.")


class Download(BaseModel):
    """A download."""

    name: str = Field(description="A model, or a voice of one: piper/de_DE-thorsten-medium.")
    state: DownloadState
    file: str = Field("", description="The file that comes now.")
    done: int = Field(0, description="Bytes that are here.")
    total: int = Field(0, description="Bytes of all files; 0 when that is not known yet.")
    rate: float = Field(0.0, description="Bytes per second.")
    remaining: float | None = Field(None, description="Seconds until it is done.")
    error: str | None = None

    @classmethod
    def of(cls, told: DownloadChanged) -> Download:
        """As it was told about last."""
        remaining = told.remaining if told.remaining is None or math.isfinite(told.remaining) else None
        return cls(**{**vars(told), "remaining": remaining})


class DownloadList(BaseModel):
    """The downloads."""

    downloads: list[Download] = Field(description="Those that wait or run.")
    ended: list[Download] = Field(description="The last ones that ended, the newest first.")


class Removed(BaseModel):
    """What was removed."""

    name: str
    freed_bytes: int


class LoadFailureInfo(BaseModel):
    """That a model could not be loaded."""

    error: str = Field(description="Why, and what to do about it.")
    time: float = Field(description="When, as Unix time.")

    @classmethod
    def of(cls, failure: LoadFailure) -> LoadFailureInfo:
        """As it was told."""
        return cls(error=failure.error, time=round(failure.time, 3))


class ModelInfo(BaseModel):
    """A model."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    name: str
    description: str
    engine: str
    aliases: list[str] = Field(description="Other names that requests may call it by.")
    supports_voice_cloning: bool
    supports_streaming: bool = Field(description="Gives audio before a sentence is complete.")
    supports_speed: bool
    supports_pitch: bool
    supports_dialogue: bool
    supports_instructions: bool
    supports_voice_design: bool
    supports_mixing: bool
    supports_words: bool = Field(description="Tells when each word is said.")
    supported_languages: list[str]
    default_voice: str | None
    voices: int = Field(description="How many can be used now.")
    sample_rate: int | None
    hf_repo: str | None
    revision: str | None
    url: str = Field(description="The page about it, on the hub or elsewhere; empty where there is none.")
    license: str = Field(description="Of the weights; `unknown` where nobody named it.")
    non_commercial: bool = Field(description="Whether that licence forbids commercial use, as far as its name tells.")
    engine_license: str = Field(description="Of the engine's code.")
    gated: bool | None = Field(description="Whether its files want an account and consent; null where unknown.")
    vram_gb_estimate: float
    ram_gb_estimate: float
    installed: bool = Field(description="Can be used now.")
    problem: str | None = Field(description="Why it cannot, and how to mend that.")
    load_failure: LoadFailureInfo | None = Field(
        description="Why it could not be loaded the last time; null when it was loaded, or fetched anew, since then."
    )
    disk_bytes: int
    downloads_by_voice: bool = Field(description="Whether each voice is a download of its own.")
    download_bytes: int = Field(description="What is to be fetched for it in all; 0 where unknown.")
    download: Download | None = Field(description="The download of it that waits or runs, or the last one that ended.")
    partial_bytes: int = Field(description="What downloads that were cut off have brought; the next goes on from it.")
    is_loaded: bool
    status: ModelState
    device: str | None = Field(description="Where it is: cpu, cuda:0.")
    memory: dict[str, int] = Field(description="Bytes that it takes now, by device.")
    standby: bool = Field(description="Loaded at start and kept.")
    keep_alive_seconds_remaining: float | None = Field(
        description="Seconds until it goes if nobody uses it; null while it is in use, or stays, or is not there."
    )
    parameters: dict[str, Any] = Field(
        description="JSON schema of what a request may set. Those with `x-in: extra` belong to the engine and are sent "
        "in `extra`, the others in the request itself."
    )


class TrendingModel(BaseModel):
    """A model of the hub."""

    id: str
    pipeline_tag: str
    likes: int
    downloads: int
    tags: list[str]
    library_name: str
    last_modified: str
    license: str = Field(description="As its makers name it; `unknown` where they do not.")
    non_commercial: bool = Field(description="Whether that licence forbids commercial use, as far as its name tells.")
    gated: bool
    url: str = Field(description="Its page on the hub.")
    languages: list[str]
    size: int | None = Field(description="Bytes of its weights, where the hub tells.")
    model_type: str
    runs: bool | None = Field(description="Whether this service can run it; null where that cannot be told.")

    @classmethod
    def of(cls, listing: HubListing) -> TrendingModel:
        """As the hub lists it."""
        return cls(
            id=listing.id,
            pipeline_tag=listing.task,
            likes=listing.likes,
            downloads=listing.downloads,
            tags=list(listing.tags),
            library_name=listing.library,
            last_modified=listing.changed,
            license=listing.licence or UNKNOWN,
            non_commercial=forbids_commercial_use(listing.licence),
            gated=listing.gated,
            url=listing.url,
            languages=list(listing.languages),
            size=listing.size,
            model_type=listing.model_type,
            runs=listing.runs,
        )


class TrendingList(BaseModel):
    """The models that people of the hub look at now, the most looked at first."""

    models: list[TrendingModel]
    count: int
    stale: bool = Field(description="Older than half an hour, as the hub cannot be reached.")
    problem: str | None = Field(description="Why it is stale.")
    asked: float = Field(description="When the hub was asked, as Unix time.")

    @classmethod
    def of(cls, found: Trending) -> TrendingList:
        """As it was found."""
        models = [TrendingModel.of(listing) for listing in found.models]
        return cls(models=models, count=len(models), stale=found.stale, problem=found.problem, asked=found.asked)


def languages(entry: ModelEntry, stock: Stock) -> list[str]:
    """The languages of a model, the default voice's first."""
    voices = sorted(stock.voices, key=lambda voice: voice.name != entry.voice)
    return list(dict.fromkeys(entry.languages or (tag for voice in voices for tag in voice.languages)))


def parameters_schema(entry: ModelEntry, capabilities: Capabilities) -> dict[str, Any]:
    """What a request for a model may set."""
    properties: dict[str, dict[str, Any]] = {}
    if capabilities.speed:
        lowest, highest = capabilities.speed
        properties["speed"] = {"type": "number", "minimum": lowest, "maximum": highest, "default": 1.0}
        properties["pitch"] = {"type": "number", "minimum": -PITCH, "maximum": PITCH, "default": 0.0}
    if capabilities.instructions:
        properties["instructions"] = {"type": "string", "default": ""}
    for name, schema in capabilities.parameters.items():
        default = {"default": entry.parameters[name]} if name in entry.parameters else {}
        properties[name] = {**schema, **default, "x-in": "extra"}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def gigabytes(size: int) -> float:
    """Bytes in billions, as people compare them."""
    return round(size / 1e9, 3)
