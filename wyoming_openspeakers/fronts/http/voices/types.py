"""What voices that users make look like to HTTP clients."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ....models.profiles.profile import Kind, Profile, Sample, Style
from ....models.profiles.rules import MOST_NAME, MOST_TAGS, MOST_TEXT, MOST_TRANSCRIPT
from ....speech.audio.formats import AudioFormat
from ..api import Body, Query

_NO_CONSENT = (
    "Nobody has said that the person whose voice this is agrees to it; once they do, PATCH it with "
    '{"consent": true}, otherwise delete it'
)


def _from_json(value: Any) -> Any:
    """What a form can only send as text."""
    return json.loads(value) if isinstance(value, str) and value.lstrip().startswith(("{", "[")) else value


def _listed(value: Any) -> Any:
    value = _from_json(value)
    return [tag.strip() for tag in value.split(",") if tag.strip()] if isinstance(value, str) else value


Tags = Annotated[list[str], BeforeValidator(_listed), Field(max_length=MOST_TAGS)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=4 * MOST_NAME, description="Unique, in any case of letters.")]
Transcript = Annotated[str, Field(max_length=MOST_TRANSCRIPT, description="What is said in the recording.")]
Language = Annotated[str, Field(max_length=35, description="BCP 47 tag.")]


class StyleBody(Body):
    """How a voice speaks where a request does not say."""

    speed: float = Field(1.0, ge=0.25, le=4, description="Times the speed of the request.")
    pitch: float = Field(0.0, ge=-12, le=12, description="Semitones, on top of those of the request.")
    instructions: Text = Field("", description="How to speak, for voices that follow instructions.")
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    parameters: dict[str, Any] = Field({}, description="The engine's own.")

    def style(self) -> Style:
        """As the service has it."""
        return Style(self.speed, self.pitch, self.instructions, self.seed, self.parameters)


StyleField = Annotated[StyleBody, BeforeValidator(_from_json)]


class _AnyVoice(Body):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class VoiceBody(_AnyVoice):
    """A new voice."""

    name: Name
    kind: Kind | None = Field(
        None, description="cloned, preset or designed; left out, it goes by what else is sent."
    )
    model_id: str = Field("", max_length=200, description="The model that speaks; a preset goes by its `voice`.")
    voice: str = Field("", max_length=500, description="Of a preset: the voice, or mixture, that it lends from.")
    design: Text = Field("", description="Of a designed voice: how it sounds, in words.")
    reference_text: Transcript = ""
    reference_language: Language = ""
    language: Language = Field("", description="BCP 47 tag of what it speaks; what its model speaks when empty.")
    description: Text = ""
    tags: Tags = Field([], description="In a form: words with commas between them, or a JSON list.")
    gender: str = Field("", max_length=40)
    style: StyleField = Field(StyleBody(), description="In a form: JSON.")
    consent: bool | None = Field(
        None, description="Of a cloned voice: the person whose voice it is has agreed. Send true."
    )


class VoicePatch(_AnyVoice):
    """What shall be different."""

    name: Name | None = None
    model_id: str | None = Field(None, max_length=200)
    voice: str | None = Field(None, max_length=500)
    design: Text | None = None
    reference_text: Transcript | None = Field(None, description="Of its first recording.")
    reference_language: Language | None = None
    language: Language | None = None
    description: Text | None = None
    tags: Tags | None = None
    gender: str | None = Field(None, max_length=40)
    style: StyleField | None = Field(None, description="What is left out of it stays.")
    consent: bool | None = None


class SampleFields(Body):
    """What is known of one more recording."""

    reference_text: Transcript = ""
    reference_language: Language = ""


class SamplePatch(Body):
    """What shall be different about a recording."""

    reference_text: Transcript | None = None
    reference_language: Language | None = None


class VoicesQuery(Query):
    """Which voices to list."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    search: str = Field("", max_length=200, description="What name, description or tags contain.")
    tag: str = Field("", max_length=40)
    kind: Kind | None = None
    model_id: str = Field("", max_length=200)


class TryBody(Body):
    """What to hear of a voice."""

    text: str = Field("", max_length=500, description="A sentence in the voice's language when empty.")
    language: Language = ""
    output_format: AudioFormat = "mp3"


class SampleInfo(BaseModel):
    """A recording of a cloned voice."""

    id: str
    name: str
    seconds: float
    sample_rate: int
    loudness: float = Field(description="LUFS, as it was given; it is kept at about -20.")
    reference_text: str
    reference_language: str
    created_at: datetime
    warnings: list[str]
    audio_url: str

    @classmethod
    def of(cls, profile: Profile, sample: Sample) -> SampleInfo:
        """As clients see it."""
        return cls(
            id=sample.id,
            name=sample.name,
            seconds=round(sample.seconds, 2),
            sample_rate=sample.rate,
            loudness=round(sample.loudness, 1),
            reference_text=sample.transcript,
            reference_language=sample.language,
            created_at=_time(sample.created),
            warnings=list(sample.warnings),
            audio_url=f"/api/voices/{profile.id}/samples/{sample.id}/audio",
        )


class VoiceInfo(BaseModel):
    """A voice that a user made, or a preset of the configuration."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    name: str
    kind: Kind
    model_id: str
    voice: str = Field(description="Of a preset: what it lends from.")
    full_name: str | None = Field(description="What to ask for, besides its name, in /v1 and over Wyoming.")
    available: bool
    problem: str | None = Field(description="Why it cannot be used now.")
    read_only: bool = Field(description="It stands in the configuration.")
    design: str
    language: str
    description: str
    tags: list[str]
    gender: str | None
    style: StyleBody
    consent: bool
    samples: list[SampleInfo]
    reference_text: str | None
    reference_text_status: Literal["manual", "none"]
    reference_language: str | None
    audio_url: str | None
    warnings: list[str]
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, profile: Profile, model: str, full_name: str | None, problem: str | None) -> VoiceInfo:
        """As clients see it."""
        first = profile.samples[0] if profile.samples else None
        warnings = [warning for sample in profile.samples for warning in sample.warnings]
        if profile.kind == "cloned" and not profile.consent:
            warnings.append(_NO_CONSENT)
        style = profile.style
        return cls(
            id=profile.id,
            name=profile.name,
            kind=profile.kind,
            model_id=model,
            voice=profile.voice,
            full_name=full_name,
            available=problem is None,
            problem=problem,
            read_only=profile.folder is None,
            design=profile.design,
            language=profile.language,
            description=profile.description,
            tags=list(profile.tags),
            gender=profile.gender,
            style=StyleBody(
                speed=style.speed,
                pitch=style.pitch,
                instructions=style.instructions,
                seed=style.seed,
                parameters=dict(style.parameters),
            ),
            consent=profile.consent,
            samples=[SampleInfo.of(profile, sample) for sample in profile.samples],
            reference_text=first.transcript or None if first else None,
            reference_text_status="manual" if first and first.transcript else "none",
            reference_language=first.language or None if first else None,
            audio_url=f"/api/voices/{profile.id}/audio" if first else None,
            warnings=warnings,
            created_at=_time(profile.created) if profile.created else None,
            updated_at=_time(profile.changed) if profile.changed else None,
        )


class VoiceList(BaseModel):
    """The voices that users made."""

    voices: list[VoiceInfo]
    total: int


class BuiltinVoice(BaseModel):
    """A voice that a model has of its own."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    name: str
    language: str
    gender: str | None
    model_id: str


class VoiceTest(BaseModel):
    """A sentence that is being spoken with a voice."""

    job_id: str
    status: str
    text: str
    audio_url: str = Field(description="Where the audio is when the job is complete.")
    similarity: float | None = Field(description="How much it is like the recording, from 0 to 1.")
    similarity_note: str = Field(description="Why it cannot be told.")


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
