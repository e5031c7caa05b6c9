"""Whether voices that users made can be used now, and if not, why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ....models.manager import ModelManager
from ....models.profiles.profile import Profile
from ....models.voices import VoiceCatalog
from .types import VoiceInfo


class VoiceStanding:
    """Looks voices up among those that can be used."""

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager

    async def told(self, profiles: Sequence[Profile]) -> list[VoiceInfo]:
        """What clients see of them."""
        catalog = await self._manager.voices()
        lost = {profile.model for profile in profiles if profile.kind != "preset" and not catalog.find(profile.id)}
        problems = await asyncio.to_thread(lambda: {model: self._problem(model) for model in lost}) if lost else {}
        return [self._info(profile, catalog, problems) for profile in profiles]

    def _info(self, profile: Profile, catalog: VoiceCatalog, problems: dict[str, str]) -> VoiceInfo:
        if chosen := catalog.find(profile.id):
            return VoiceInfo.of(profile, chosen.model, chosen.installed.name, None)
        if profile.kind != "preset":
            problem = problems[profile.model] or f"{profile.model} cannot make voices of this kind"
        elif chosen := catalog.find(profile.voice):
            problem = f"{chosen.model} has a voice of its own called {profile.name!r}"
        else:
            problem = f"the voice that it lends from is not there: {profile.voice}"
        return VoiceInfo.of(profile, profile.model, None, problem)

    def _problem(self, model: str) -> str:
        registry = self._manager.registry
        known = registry.resolve(model)
        if known is None:
            return f"there is no model {model} any more"
        try:
            return registry.problem(known) or ""
        except Exception as error:
            return f"{type(error).__name__}: {error}"
