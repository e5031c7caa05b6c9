"""Voices that users make: cloned, designed, or presets of others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from ....errors import (
    BadAudio,
    Busy,
    Conflict,
    InvalidRequest,
    ModelUnavailable,
    NotFound,
    TooLarge,
    UnknownModel,
    UnknownVoice,
)
from ....jobs.request import JobRequest
from ....models.profiles.profile import Profile
from ....models.profiles.rules import InvalidProfile
from ....models.profiles.store import RawSample
from ..api import Call, Media, Operation, Query, Upload
from ..asking.uploads import UploadedFile, uploaded
from ..parts import Parts
from .drafts import NoConsent, drafted, is_meant, patched
from .making import VoiceMaker
from .sentences import sentence_in
from .standing import VoiceStanding
from .types import (
    BuiltinVoice,
    SampleFields,
    SamplePatch,
    TryBody,
    VoiceBody,
    VoiceInfo,
    VoiceList,
    VoicePatch,
    VoicesQuery,
    VoiceTest,
)

_TAG = "Voices"
_ID = {"id": "The voice's id."}
_SAMPLE_ID = {**_ID, "sample_id": "The recording's id."}
_MODEL_ID = {"model_id": "The model's id or an alias of it; for models of the hub owner/name."}
_AUDIO = Media(("audio/wav",), "The recording as it is kept: mono, 24 kHz, 16 bits. Ranges of it can be asked for.")

_NEW = Upload(VoiceBody, (), ("reference_audio",))
_MORE = Upload(SampleFields, ("reference_audio",))
_MAKING = (InvalidProfile, BadAudio, TooLarge, NoConsent, Conflict, UnknownModel, UnknownVoice)

_NO_SIMILARITY = "Nothing here can compare two voices: no model that recognises speakers is part of the service"


class VoiceRoutes:
    """Lists, makes, changes, tries and deletes voices."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._profiles = parts.profiles
        self._manager = parts.manager
        self._maker = VoiceMaker(parts.profiles, parts.manager)
        self._standing = VoiceStanding(parts.manager)

    def operations(self) -> Sequence[Operation]:
        """What can be asked about voices."""
        return (
            Operation(
                "GET", "/api/voices", self._list, "List the voices that users made, the newest first", _TAG,
                query=VoicesQuery, answer=VoiceList,
            ),
            Operation(
                "POST", "/api/voices", self._create, "Make a voice", _TAG,
                "A form with `reference_audio` clones a voice: a recording of 5 to 30 s of speech, at least 1.5 s, as "
                "WAV, FLAC, MP3, OGG, Opus, M4A, AAC or WebM. Clone only who agrees to it, and say so with "
                "`consent=true`; a form without the field is taken, as other services do not have it, and the voice "
                "says that nobody confirmed it. The other kinds need no recording and may be sent as JSON.",
                body=VoiceBody, upload=_NEW, answer=VoiceInfo, status=201, errors=_MAKING,
            ),
            Operation(
                "GET", "/api/voices/builtin/{model_id:[^/]+(?:/[^/]+)?}", self._list_builtin,
                "List the voices that a model has of its own", _TAG,
                answer=list[BuiltinVoice], errors=(UnknownModel,), listing=True, parameters=_MODEL_ID,
            ),
            Operation(
                "GET", "/api/voices/{id}", self._get, "Look at a voice", _TAG,
                answer=VoiceInfo, errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "PATCH", "/api/voices/{id}", self._change, "Change a voice", _TAG,
                body=VoicePatch, answer=VoiceInfo, errors=(NotFound, *_MAKING), parameters=_ID,
            ),
            Operation(
                "DELETE", "/api/voices/{id}", self._delete, "Delete a voice", _TAG,
                "Its recordings are deleted with it, at once and for good.",
                status=204, errors=(NotFound, Conflict), parameters=_ID,
            ),
            Operation(
                "GET", "/api/voices/{id}/audio", self._audio, "Hear the first recording of a voice", _TAG,
                answer=_AUDIO, errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "POST", "/api/voices/{id}/samples", self._add_sample, "Give a cloned voice one more recording", _TAG,
                upload=_MORE, answer=VoiceInfo, status=201,
                errors=(NotFound, InvalidProfile, BadAudio, TooLarge, Conflict), parameters=_ID,
            ),
            Operation(
                "PATCH", "/api/voices/{id}/samples/{sample_id}", self._change_sample,
                "Change what is known of a recording", _TAG,
                body=SamplePatch, answer=VoiceInfo, errors=(NotFound, InvalidProfile, Conflict), parameters=_SAMPLE_ID,
            ),
            Operation(
                "DELETE", "/api/voices/{id}/samples/{sample_id}", self._delete_sample, "Delete a recording", _TAG,
                answer=VoiceInfo, errors=(NotFound, Conflict), parameters=_SAMPLE_ID,
            ),
            Operation(
                "GET", "/api/voices/{id}/samples/{sample_id}/audio", self._audio, "Hear a recording", _TAG,
                answer=_AUDIO, errors=(NotFound,), parameters=_SAMPLE_ID,
            ),
            Operation(
                "POST", "/api/voices/{id}/test", self._test, "Try a voice", _TAG,
                "Speaks a sentence with it as a job, which `/ws/jobs/{job_id}` follows.",
                body=TryBody, answer=VoiceTest, status=202,
                errors=(NotFound, ModelUnavailable, InvalidRequest, Busy), parameters=_ID,
            ),
        )  # fmt: skip

    async def _list(self, call: Call[None, VoicesQuery]) -> VoiceList:
        query = call.query
        model = query.model_id and (self._manager.registry.resolve(query.model_id) or query.model_id)
        found = [profile for profile in reversed(self._profiles.all()) if is_meant(profile, query)]
        voices = [voice for voice in await self._standing.told(found) if not model or voice.model_id == model]
        return VoiceList(voices=voices, total=len(voices))

    async def _get(self, call: Call[None, Query]) -> VoiceInfo:
        return await self._told(self._profiles.get(call.path["id"]))

    async def _create(self, call: Call[VoiceBody | None, Query]) -> VoiceInfo:
        if call.body is not None:
            return await self._make(call.body, None)
        async with uploaded(call, _NEW) as form:
            return await self._make(form.fields, form.files.get("reference_audio"))

    async def _make(self, body: VoiceBody, audio: UploadedFile | None) -> VoiceInfo:
        draft = drafted(body, has_audio=audio is not None)
        samples = [RawSample(audio.path, body.reference_text, body.reference_language, audio.name)] if audio else []
        return await self._told(await self._maker.make(draft, samples))

    async def _change(self, call: Call[VoicePatch, Query]) -> VoiceInfo:
        old = self._profiles.changeable(call.path["id"])
        sent = call.body.model_dump(exclude_unset=True)
        changes = {name: value for name, value in sent.items() if value is not None}
        if "name" in changes:
            self._maker.check_name(changes["name"], await self._manager.renew_voices(), old.id)
        new = patched(old, changes)
        if changes.keys() & {"model_id", "voice"}:
            new = await self._maker.fitted(new)
            changes |= {"model_id": new.model, "voice": new.voice}
        if changes.keys() & {"model_id", "reference_text"}:
            await self._maker.check_words(new, all(sample.transcript.strip() for sample in new.samples))
        return await self._renewed(await self._profiles.edit(old.id, lambda profile: patched(profile, changes)))

    async def _delete(self, call: Call[None, Query]) -> None:
        await self._profiles.delete(call.path["id"])
        await self._manager.renew_voices()

    async def _add_sample(self, call: Call[None, Query]) -> VoiceInfo:
        profile = self._profiles.changeable(call.path["id"])
        async with uploaded(call, _MORE) as form:
            fields, audio = form.fields, form.files["reference_audio"]
            await self._maker.check_words(profile, bool(fields.reference_text.strip()))
            changed = await self._profiles.add_sample(
                profile.id,
                audio.path,
                transcript=fields.reference_text,
                language=fields.reference_language,
                name=audio.name,
            )
        return await self._renewed(changed)

    async def _change_sample(self, call: Call[SamplePatch, Query]) -> VoiceInfo:
        profile_id, sample_id = call.path["id"], call.path["sample_id"]
        words, language = call.body.reference_text, call.body.reference_language
        if words is not None:
            await self._maker.check_words(self._profiles.changeable(profile_id), bool(words.strip()))
        return await self._renewed(
            await self._profiles.edit(profile_id, lambda profile: profile.with_words(sample_id, words, language))
        )

    async def _delete_sample(self, call: Call[None, Query]) -> VoiceInfo:
        return await self._renewed(await self._profiles.delete_sample(call.path["id"], call.path["sample_id"]))

    async def _audio(self, call: Call[None, Query]) -> web.StreamResponse:
        path = self._profiles.audio(call.path["id"], call.path.get("sample_id"))
        if not await asyncio.to_thread(Path.is_file, path):
            raise NotFound("The recording is gone")
        headers = {
            "Content-Type": "audio/wav",
            "Cache-Control": "private, no-cache",
            "Content-Disposition": f'inline; filename="{path.name}"',
        }
        return web.FileResponse(path, headers=headers)

    async def _test(self, call: Call[TryBody, Query]) -> VoiceTest:
        voice = await self._told(self._profiles.get(call.path["id"]))
        if voice.problem:
            raise ModelUnavailable(f"{voice.name!r} cannot speak now: {voice.problem}")
        chosen = (await self._manager.voices()).require(voice.id)
        language = call.body.language or chosen.language
        text = call.body.text.strip() or sentence_in(language)
        entry = await self._parts.jobs.submit(
            JobRequest(
                text,
                voice=voice.id,
                language=call.body.language or None,
                format=call.body.output_format,
                client=call.client,
                front="http",
            )
        )
        return VoiceTest(
            job_id=entry.id,
            status=entry.status,
            text=text,
            audio_url=f"/api/tts/jobs/{entry.id}/audio",
            similarity=None,
            similarity_note=_NO_SIMILARITY,
        )

    async def _list_builtin(self, call: Call[None, Query]) -> list[BuiltinVoice]:
        name = call.path["model_id"]
        model = self._manager.registry.resolve(name)
        if model is None:
            raise UnknownModel(f"There is no model {name!r}; GET /api/models lists them")
        return [
            BuiltinVoice(
                id=installed.voice.name,
                name=installed.voice.description or installed.voice.name,
                language=next(iter(installed.voice.languages), ""),
                gender=installed.voice.gender,
                model_id=model,
            )
            for installed in (await self._manager.voices()).voices.values()
            if installed.model == model and installed.profile is None
        ]

    async def _told(self, profile: Profile) -> VoiceInfo:
        (voice,) = await self._standing.told([profile])
        return voice

    async def _renewed(self, profile: Profile) -> VoiceInfo:
        await self._manager.renew_voices()
        return await self._told(profile)
