"""Which voice is meant by the names of a model and a voice, both of which may be left out or be those of others."""

from __future__ import annotations

from ..errors import ModelUnavailable, SpeechError, UnknownModel, UnknownVoice
from ..models.languages import primary
from ..models.manager import ModelManager
from ..models.readiness import problem_and_fix
from ..models.registry import Registry
from ..models.voices import DEFAULT, ChosenVoice, VoiceCatalog

_MOST_SHOWN = 10


async def find_voice(manager: ModelManager, model: str, voice: str, language: str | None = None) -> ChosenVoice | None:
    """The voice that is meant; None for the default voice, which the text's language decides.

    What the last look did not find may have come since; where that is allowed, a model of the hub comes now.
    """
    registry = manager.registry
    try:
        return meant(manager.catalog, registry, model, voice, language)
    except SpeechError:
        is_known = not model or model in registry.model_aliases or registry.resolve(model) is not None
        catalog = await manager.voices_with((voice if is_known else model) or model)
        return meant(catalog, registry, model, voice, language)


def meant(
    catalog: VoiceCatalog, registry: Registry, model: str, voice: str, language: str | None = None
) -> ChosenVoice | None:
    """The voice that is meant among these; None for the default voice."""
    known = registry.resolve(model) if model else None
    if not model or model in registry.model_aliases:
        # Whoever says tts-1 says nothing about a model: only prefers it.
        return (_of_model(catalog, known, voice, language) if known else None) or _of_any(catalog, voice)
    if known is None:
        usable = ", ".join(dict.fromkeys(installed.model for installed in catalog.voices.values()))
        raise UnknownModel(f"There is no model {model!r}; models: {usable or 'none is installed'}")
    if chosen := _of_model(catalog, known, voice, language):
        return chosen
    own = [installed.voice.name for installed in catalog.voices.values() if installed.model == known]
    if not own:
        problem = problem_and_fix(registry, known) or "it has no voices"
        raise ModelUnavailable(f"Model {known} cannot be used now: {problem}")
    if catalog.targets(voice):
        # Names such as alloy are not asked for their sound, so that they work with every model.
        return _own_voice(catalog, known, language)
    more = f" and {len(own) - _MOST_SHOWN} more" if len(own) > _MOST_SHOWN else ""
    raise UnknownVoice(f"Model {known} has no voice {voice!r}; voices: {', '.join(own[:_MOST_SHOWN])}{more}")


def full_name(chosen: ChosenVoice) -> str:
    """The name that means this voice, or mixture, alone, in every catalog."""
    is_mixture = chosen.engine_voice != chosen.installed.engine_voice
    return f"{chosen.model}/{chosen.engine_voice}" if is_mixture else chosen.installed.name


def _of_model(catalog: VoiceCatalog, model: str, voice: str, language: str | None) -> ChosenVoice | None:
    if not voice:
        return _own_voice(catalog, model, language)
    for target in catalog.targets(voice) or (voice,):
        for name in (f"{model}/{target}", target):
            if (chosen := catalog.find(name)) and chosen.model == model:
                return chosen
    return None


def _own_voice(catalog: VoiceCatalog, model: str, language: str | None) -> ChosenVoice | None:
    """A model's default voice, or its first that speaks the language where the default does not."""
    own = catalog.find(model)
    if own is None or not language or _speaks(own, language):
        return own
    others = (installed.chosen() for installed in catalog.voices.values() if installed.model == own.model)
    return next((other for other in others if _speaks(other, language)), own)


def _speaks(chosen: ChosenVoice, language: str) -> bool:
    return primary(language) in [primary(tag) for tag in chosen.installed.voice.languages]


def _of_any(catalog: VoiceCatalog, voice: str) -> ChosenVoice | None:
    if not voice:
        return None
    for target in catalog.targets(voice):
        if target == DEFAULT:
            return None
        if chosen := catalog.find(target):
            return chosen
    return catalog.require(voice)
