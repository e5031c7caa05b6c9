"""The voices that users make: kept on disk, and in memory for everyone who asks."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ...config import PresetConfig
from ...errors import Conflict, NotFound, SpeechError
from ...events import EventBus, VoicesChanged
from .folder import Draft, ProfileFolder
from .intake import Intake
from .presets import configured
from .profile import Profile, Sample
from .rules import InvalidProfile, checked, is_same_name

_LOGGER = logging.getLogger(__name__)
_Result = TypeVar("_Result")

MOST_SAMPLES = 10
MOST_PROFILES = 1000


@dataclass(frozen=True)
class RawSample:
    """A recording as it was given."""

    path: Path
    transcript: str = ""
    language: str = ""
    name: str = ""
    """What its file was called; only to show."""


class ProfileStore:
    """All profiles: those of users, which are kept in a folder, and the configuration's presets."""

    def __init__(
        self, folder: Path, presets: Mapping[str, PresetConfig], bus: EventBus, longest_upload: float = 300.0
    ) -> None:
        self._folder = ProfileFolder(folder)
        self._presets = configured(presets)
        self._intake = Intake(longest_upload)
        self._bus = bus
        self._own: dict[str, Profile] = {}
        self._all: tuple[Profile, ...] = self._presets
        self._writing = asyncio.Lock()

    def read(self) -> None:
        """Know what is kept; before the event loop runs, for it blocks."""
        self._own = {profile.id: profile for profile in self._folder.read()}
        for profile in self._own.values():
            if any(is_same_name(profile.name, preset.name) for preset in self._presets):
                _LOGGER.warning("Two voices are called %r: one in voice.presets and one of a user's", profile.name)
        self._renew()

    def all(self) -> tuple[Profile, ...]:
        """Everything that there is now."""
        return self._all

    def get(self, profile_id: str) -> Profile:
        """The profile of this id."""
        if profile := self._own.get(profile_id):
            return profile
        for preset in self._presets:
            if preset.id == profile_id:
                return preset
        raise NotFound("There is no voice of this id; GET /api/voices lists them")

    def changeable(self, profile_id: str) -> Profile:
        """The same, or Conflict when only the configuration can change it."""
        profile = self.get(profile_id)
        if profile_id not in self._own:
            raise Conflict(f"{profile.name!r} stands in the configuration, under voice.presets; change it there")
        return profile

    async def create(self, draft: Profile, samples: Sequence[RawSample] = ()) -> Profile:
        """Keep a new profile; its id, times and samples are made here."""
        now = time.time()
        profile = checked(replace(draft, id=str(uuid.uuid4()), created=now, changed=now, samples=(), folder=None))
        self._check_name(profile)
        if (profile.kind == "cloned") != bool(samples):
            raise InvalidProfile(
                "Only a cloned voice has recordings" if samples else "A cloned voice needs a recording of somebody"
            )
        _check_count(len(samples))
        async with self._drafted(profile.id) as folder:
            for raw in samples:
                profile = replace(profile, samples=(*profile.samples, await self._taken(raw, folder)))
            profile = checked(profile)

            def add() -> Profile:
                self._check_name(profile)
                return self._folder.add(profile, folder)

            return await self._written(add)

    async def change(self, profile_id: str, **changes: Any) -> Profile:
        """Change fields of a profile."""
        return await self.edit(profile_id, lambda profile: replace(profile, **changes))

    async def edit(self, profile_id: str, edit: Callable[[Profile], Profile]) -> Profile:
        """Change a profile by what it is then: `edit` gives it as it shall be."""
        self.changeable(profile_id)

        def change() -> Profile:
            profile = checked(replace(edit(self.changeable(profile_id)), changed=time.time()))
            self._check_name(profile)
            return self._folder.change(profile)

        return await self._written(change)

    async def add_sample(
        self, profile_id: str, upload: Path, *, transcript: str = "", language: str = "", name: str = ""
    ) -> Profile:
        """Give a cloned voice one more recording."""
        self._check_room(self.changeable(profile_id))
        async with self._drafted(str(uuid.uuid4())) as folder:
            sample = await self._taken(RawSample(upload, transcript, language, name), folder)

            def add() -> Profile:
                profile = self.changeable(profile_id)
                self._check_room(profile)
                samples = (*profile.samples, sample)
                return self._folder.change(checked(replace(profile, samples=samples, changed=time.time())), folder)

            return await self._written(add)

    async def delete_sample(self, profile_id: str, sample_id: str) -> Profile:
        """Delete a recording of a cloned voice that has others."""

        def without(profile: Profile) -> Profile:
            sample = profile.sample(sample_id)
            if len(profile.samples) == 1:
                raise Conflict(f"It is the only recording of {profile.name!r}; delete the voice, or add another first")
            return replace(profile, samples=tuple(other for other in profile.samples if other is not sample))

        return await self.edit(profile_id, without)

    async def delete(self, profile_id: str) -> None:
        """Delete a profile with its recordings."""
        profile = self.changeable(profile_id)

        def delete() -> Profile:
            self.changeable(profile_id)
            self._folder.remove(profile_id)
            return profile

        await self._written(delete, keep=False)

    def audio(self, profile_id: str, sample_id: str | None = None) -> Path:
        """The file of a recording; of the first where none is named."""
        profile = self.get(profile_id)
        if profile.folder is None or not profile.samples:
            raise NotFound(f"{profile.name!r} has no recording: it is a {profile.kind} voice")
        sample = profile.samples[0] if sample_id is None else profile.sample(sample_id)
        return profile.folder / f"{sample.id}.wav"

    async def _taken(self, raw: RawSample, draft: Draft) -> Sample:
        return await self._intake.take(
            raw.path, draft.path, transcript=raw.transcript, language=raw.language, name=raw.name
        )

    @asynccontextmanager
    async def _drafted(self, profile_id: str) -> AsyncIterator[Draft]:
        draft = self._folder.draft(profile_id)
        try:
            await _finished(draft.open)
            yield draft
        finally:
            await _finished(draft.close)

    async def _written(self, work: Callable[[], Profile], *, keep: bool = True) -> Profile:
        """Write to disk, then have everyone know; a caller that gives up does not stop it half way."""

        async def write() -> Profile:
            async with self._writing:
                profile = await asyncio.to_thread(work)
                before = self._own.get(profile.id, profile)
                if keep:
                    self._own[profile.id] = profile
                else:
                    del self._own[profile.id]
                self._renew()
            still_there = {sample.digest for sample in profile.samples} if keep else set()
            is_gone = any(sample.digest not in still_there for sample in before.samples)
            self._bus.publish(VoicesChanged(profile.id, forget=is_gone))
            return profile

        writing = asyncio.create_task(write(), name="write a voice")
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise
        except OSError as error:
            raise SpeechError(f"The voice cannot be written: {error.strerror}") from error

    def _renew(self) -> None:
        own = sorted(self._own.values(), key=lambda profile: (profile.created, profile.id))
        self._all = (*own, *self._presets)

    def _check_name(self, profile: Profile) -> None:
        others = [other for other in self._all if other.id != profile.id]
        if any(is_same_name(profile.name, other.name) or profile.name.lower() == other.id for other in others):
            raise Conflict(f"There is a voice called {profile.name!r} already")
        if len(others) >= MOST_PROFILES:
            raise Conflict(f"There are {len(others)} voices, which is the most; delete some first")

    @staticmethod
    def _check_room(profile: Profile) -> None:
        if profile.kind != "cloned":
            raise Conflict(f"{profile.name!r} is a {profile.kind} voice; only a cloned one has recordings")
        _check_count(len(profile.samples) + 1)


def _check_count(samples: int) -> None:
    if samples > MOST_SAMPLES:
        raise Conflict(f"A voice has at most {MOST_SAMPLES} recordings; delete one first")


async def _finished(work: Callable[[], _Result]) -> _Result:
    """Something that blocks, in a thread; whoever gives up waits for its end all the same."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise
