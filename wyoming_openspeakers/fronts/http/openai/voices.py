"""Voices that OpenAI's clients make: the same voices that `/api/voices` makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from ....errors import BadAudio, Conflict, InvalidRequest, NotFound, TooLarge, UnknownModel
from ....models.profiles.profile import Profile
from ....models.profiles.rules import MOST_TRANSCRIPT, InvalidProfile
from ....models.profiles.store import RawSample
from ..api import Body, Call, Operation, Query, Upload
from ..asking.uploads import UploadedFile, uploaded
from ..parts import Parts
from ..voices.drafts import NoConsent, drafted
from ..voices.making import VoiceMaker
from ..voices.types import VoiceBody

_TAG = "OpenAI"
_ID = {"id": "The voice's id."}
_ANY_MODEL = ("", "auto")


def _agreed(value: object) -> bool:
    """There, consent is the id of a recording in which somebody says so; here, that whoever asks says so."""
    return str(value).strip().lower() not in ("", "0", "false", "no", "none")


class NewVoiceBody(Body):
    """A voice to make, from a recording or from words."""

    name: str = Field(min_length=1, max_length=300)
    type: Literal["audio_sample", "prompt"] = "audio_sample"
    consent: Annotated[bool | str, BeforeValidator(_agreed)] = Field(
        False, description="With a recording: that the person whose voice it is has agreed; anything but no."
    )
    prompt: str = Field("", max_length=2000, description="How the voice sounds, for `type=prompt`.")
    model: str = Field("", max_length=200, description="The model that speaks; the first that can if none is given.")
    language: str = Field("", max_length=35, description="BCP 47 tag of what it speaks.")
    reference_text: str = Field("", max_length=MOST_TRANSCRIPT, description="What is said in the recording.")


class MadeVoice(BaseModel):
    """A voice that somebody made."""

    id: str
    object: Literal["audio.voice"] = "audio.voice"
    created_at: int
    name: str
    type: Literal["audio_sample", "prompt"]
    prompt: str | None = None


class GoneVoice(BaseModel):
    """A voice that there was."""

    id: str
    object: Literal["audio.voice"] = "audio.voice"
    deleted: Literal[True] = True


_NEW = Upload(NewVoiceBody, (), ("audio_sample",))


class OpenAIVoiceRoutes:
    """Makes, shows and deletes voices."""

    def __init__(self, parts: Parts) -> None:
        self._manager = parts.manager
        self._profiles = parts.profiles
        self._maker = VoiceMaker(parts.profiles, parts.manager)

    def operations(self) -> Sequence[Operation]:
        """What can be asked about voices of one's own."""
        return (
            Operation(
                "POST", "/v1/audio/voices", self._create, "Make a voice of a recording or of a description", _TAG,
                "A form with `audio_sample`, or JSON for `type=prompt`. `POST /api/voices` can do more.",
                body=NewVoiceBody, upload=_NEW, answer=MadeVoice,
                errors=(InvalidProfile, BadAudio, TooLarge, NoConsent, Conflict, UnknownModel),
            ),
            Operation(
                "GET", "/v1/audio/voices/{id}", self._get, "Show a voice that was made", _TAG,
                answer=MadeVoice, errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "DELETE", "/v1/audio/voices/{id}", self._delete, "Delete a voice that was made", _TAG,
                "Its recordings are deleted with it, at once and for good.",
                answer=GoneVoice, errors=(NotFound, Conflict), parameters=_ID,
            ),
        )  # fmt: skip

    async def _create(self, call: Call[NewVoiceBody | None, Query]) -> MadeVoice:
        if call.body is not None:
            return await self._make(call.body, None)
        async with uploaded(call, _NEW) as form:
            return await self._make(form.fields, form.files.get("audio_sample"))

    async def _make(self, body: NewVoiceBody, audio: UploadedFile | None) -> MadeVoice:
        if body.type == "prompt":
            if not body.prompt.strip():
                raise InvalidRequest("prompt is missing: say how the voice sounds", "prompt")
            audio = None
        elif audio is None:
            raise InvalidRequest("audio_sample is missing: send a recording as a file", "audio_sample")
        draft = VoiceBody(
            name=body.name,
            kind="cloned" if audio else "designed",
            model_id="" if body.model in _ANY_MODEL else body.model,
            design="" if audio else body.prompt,
            language=body.language,
            consent=bool(body.consent),
        )
        samples = [RawSample(audio.path, body.reference_text, body.language, audio.name)] if audio else []
        return _shown(await self._maker.make(drafted(draft, has_audio=audio is not None), samples))

    async def _get(self, call: Call[None, Query]) -> MadeVoice:
        return _shown(self._profiles.get(call.path["id"]))

    async def _delete(self, call: Call[None, Query]) -> GoneVoice:
        await self._profiles.delete(call.path["id"])
        await self._manager.renew_voices()
        return GoneVoice(id=call.path["id"])


def _shown(profile: Profile) -> MadeVoice:
    return MadeVoice(
        id=profile.id,
        created_at=int(profile.created),
        name=profile.name,
        type="audio_sample" if profile.kind == "cloned" else "prompt",
        prompt=profile.design or None,
    )
