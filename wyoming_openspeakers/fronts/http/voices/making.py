"""Makes voices of what clients send: their models must be able to, and their names be free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from ....engines.capabilities import Capabilities
from ....errors import Conflict, UnknownModel
from ....models.manager import ModelManager
from ....models.profiles.profile import Profile
from ....models.profiles.rules import InvalidProfile, checked_name, is_same_name
from ....models.profiles.store import ProfileStore, RawSample
from ....models.voices import VoiceCatalog

_ABILITIES: dict[str, tuple[str, Callable[[Capabilities], bool]]] = {
    "cloned": ("speak like a recording", lambda able: able.cloning),
    "designed": ("make a voice of a description", lambda able: able.designs),
}
"""What a model must be able to do for each kind of voice."""


class VoiceMaker:
    """Makes voices, and has them known everywhere at once."""

    def __init__(self, profiles: ProfileStore, manager: ModelManager) -> None:
        self._profiles = profiles
        self._manager = manager

    async def make(self, draft: Profile, samples: Sequence[RawSample] = ()) -> Profile:
        """Keep a new voice. Its model may be left empty: the first that can takes it."""
        catalog = await self._manager.renew_voices()
        self.check_name(draft.name, catalog)
        draft = await self.fitted(draft)
        await self.check_words(draft, all(sample.transcript.strip() for sample in samples))
        profile = await self._profiles.create(draft, samples)
        await self._manager.renew_voices()
        return profile

    async def fitted(self, profile: Profile) -> Profile:
        """It with the model, or the voice, that it names; an error when that cannot be."""
        if profile.kind != "preset":
            return replace(profile, model=await self._able_model(profile), voice="")
        catalog = await self._manager.voices_with(profile.voice) if profile.voice else self._manager.catalog
        own = f"{profile.model}/{profile.voice}" if profile.model else profile.voice
        chosen = catalog.find(own) or catalog.require(profile.voice)
        base = chosen.installed
        _refuse_circle(profile, base.profile, catalog)
        is_mixture = chosen.engine_voice != base.engine_voice
        # The id of a voice that somebody made outlives its name.
        voice = f"{base.model}/{chosen.engine_voice}" if is_mixture else base.profile.id if base.profile else base.name
        return replace(profile, model=base.model, voice=voice, design="")

    def check_name(self, name: str, catalog: VoiceCatalog, own_id: str = "") -> None:
        """Conflict when a voice, a model or an alias is called so already."""
        name = checked_name(name)
        registry = self._manager.registry
        for known in (*registry.models, *registry.model_aliases, *registry.aliases):
            if is_same_name(name, known):
                raise Conflict(f"{name!r} is taken: {known} stands for something else; choose another name")
        if (chosen := catalog.find(name)) is None:
            return
        taken = chosen.installed
        if not (taken.profile and taken.profile.id == own_id):
            raise Conflict(f"{name!r} is taken: it stands for {taken.name}; choose another name")

    async def check_words(self, profile: Profile, has_words: bool) -> None:
        """Some models clone only what they can read along."""
        if profile.kind == "cloned" and not has_words:
            able = await asyncio.to_thread(self._capabilities, profile.model)
            if able and able.needs_transcript:
                raise InvalidProfile(
                    f"{profile.model} needs to know what is said in the recording; send it as reference_text",
                    "reference_text",
                )

    async def _able_model(self, profile: Profile) -> str:
        ability, can = _ABILITIES[profile.kind]
        registry = self._manager.registry
        able = await asyncio.to_thread(
            lambda: [model for model in registry.models if (known := self._capabilities(model)) and can(known)]
        )
        if not profile.model:
            ready = [model for model in able if not await asyncio.to_thread(registry.problem, model)]
            if ready or able:
                return (ready or able)[0]
            raise Conflict(f"No model here can {ability}")
        model = registry.resolve(profile.model)
        if model is None:
            raise UnknownModel(f"There is no model {profile.model!r}; models: {', '.join(registry.models) or 'none'}")
        if model not in able:
            others = f"these can: {', '.join(able)}" if able else "nor can any other model here"
            raise Conflict(f"{model} cannot {ability}; {others}")
        return model

    def _capabilities(self, model: str) -> Capabilities | None:
        try:
            return self._manager.registry.capabilities(model)
        except Exception:  # an engine that cannot even tell; the catalog logs it
            return None


def _refuse_circle(profile: Profile, base: Profile | None, catalog: VoiceCatalog) -> None:
    while base:
        if base.id == profile.id:
            raise Conflict("A voice cannot lend from itself")
        chosen = catalog.find(base.voice) if base.kind == "preset" else None
        base = chosen.installed.profile if chosen else None
