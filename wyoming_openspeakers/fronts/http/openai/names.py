"""Which voice OpenAI's clients mean: they always name a model and a voice, often those of another service."""

from __future__ import annotations

from ....engines.capabilities import Capabilities
from ....errors import ModelUnavailable, SpeechError, UnknownModel, UnknownVoice
from ....models.manager import ModelManager
from ....models.registry import Registry
from ....models.voices import DEFAULT, ChosenVoice, VoiceCatalog


class NamedVoices:
    """Finds voices by the names of a model and a voice."""

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager

    async def find(self, model: str, voice: str, language: str | None) -> tuple[str | None, Capabilities]:
        """The full name of the voice, None to go by the text's language, and what its model can do."""
        registry, catalog = self._manager.registry, self._manager.catalog
        try:
            chosen = meant(catalog, registry, model, voice)
        except SpeechError:
            # It may have come since the last look; where that is allowed, a model of the hub comes now.
            is_known = not model or model in registry.model_aliases or registry.resolve(model) is not None
            catalog = await self._manager.voices_with((voice if is_known else model) or model)
            chosen = meant(catalog, registry, model, voice)
        installed = (chosen or catalog.default(language)).installed
        return full_name(chosen) if chosen else None, installed.capabilities


def meant(catalog: VoiceCatalog, registry: Registry, model: str, voice: str) -> ChosenVoice | None:
    """The voice that a request names; None for the default voice, which depends on the text."""
    known = registry.resolve(model) if model else None
    if not model or model in registry.model_aliases:
        # Whoever says tts-1 says nothing about a model: only prefers it.
        return (_of_model(catalog, known, voice) if known else None) or _of_any(catalog, voice)
    if known is None:
        usable = ", ".join(dict.fromkeys(installed.model for installed in catalog.voices.values()))
        raise UnknownModel(f"There is no model {model!r}; models: {usable or 'none is installed'}")
    if chosen := _of_model(catalog, known, voice):
        return chosen
    own = [installed.voice.name for installed in catalog.voices.values() if installed.model == known]
    if not own:
        problem = registry.problem(known) or "it has no voices"
        raise ModelUnavailable(f"Model {known} cannot be used now: {problem}")
    if catalog.targets(voice):
        # Names such as alloy are not asked for their sound, so that they work with every model.
        return catalog.find(known)
    shown = ", ".join(own[:10]) + (f" and {len(own) - 10} more" if len(own) > 10 else "")
    raise UnknownVoice(f"Model {known} has no voice {voice!r}; voices: {shown}")


def full_name(chosen: ChosenVoice) -> str:
    """The name that means this voice alone, in every catalog."""
    is_mixture = chosen.engine_voice != chosen.installed.engine_voice
    return f"{chosen.model}/{chosen.engine_voice}" if is_mixture else chosen.installed.name


def _of_model(catalog: VoiceCatalog, model: str, voice: str) -> ChosenVoice | None:
    if not voice:
        return catalog.find(model)
    for target in catalog.targets(voice) or (voice,):
        for name in (f"{model}/{target}", target):
            if (chosen := catalog.find(name)) and chosen.model == model:
                return chosen
    return None


def _of_any(catalog: VoiceCatalog, voice: str) -> ChosenVoice | None:
    if not voice:
        return None
    for target in catalog.targets(voice):
        if target == DEFAULT:
            return None
        if chosen := catalog.find(target):
            return chosen
    return catalog.require(voice)
