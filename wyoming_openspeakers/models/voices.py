"""The voices that can be used now, over all models, and which one is meant."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..engines.base import Capabilities, Voice
from ..errors import ModelUnavailable, UnknownVoice
from .registry import ModelEntry, Registry

_LOGGER = logging.getLogger(__name__)
_MIXTURE = re.compile(r"[+(]")


@dataclass(frozen=True)
class InstalledVoice:
    """A voice of a model whose files are there."""

    model: str
    entry: ModelEntry
    capabilities: Capabilities
    voice: Voice

    @property
    def name(self) -> str:
        """Unique over all models: `kokoro/af_heart`."""
        return f"{self.model}/{self.voice.name}"


@dataclass(frozen=True)
class ChosenVoice:
    """What to speak with: an installed voice, or a mixture led by it."""

    installed: InstalledVoice
    engine_voice: str
    """What the engine is told: the voice's name or the mixture."""

    speaker: str | None = None

    @property
    def model(self) -> str:
        """The model that has the voice."""
        return self.installed.model

    @property
    def language(self) -> str:
        """The voice's main language."""
        return self.installed.voice.languages[0] if self.installed.voice.languages else "en"


class VoiceCatalog:
    """A picture of all voices at one moment."""

    def __init__(self, registry: Registry, default: str = "", by_language: Mapping[str, str] | None = None) -> None:
        self._registry = registry
        self._by_language = {_normal(tag): name for tag, name in (by_language or {}).items()}
        self.voices: dict[str, InstalledVoice] = {}
        for model, entry in registry.models.items():
            engine = registry.engine(model)
            spec = registry.spec(model)
            try:
                if registry.problem(model):
                    continue
                voices = engine.voices(spec)
            except Exception:
                _LOGGER.exception("The voices of %s cannot be listed", model)
                continue
            for voice in voices:
                known = replace(voice, rate=voice.rate or entry.sample_rate or 0)
                installed = InstalledVoice(model, entry, engine.capabilities, known)
                self.voices[installed.name] = installed
        self._by_short_name: dict[str, InstalledVoice] = {}
        for installed in self.voices.values():
            self._by_short_name.setdefault(installed.voice.name.lower(), installed)
            self._by_short_name.setdefault(installed.name.lower(), installed)
        self._default = default

    def default(self, language: str | None = None) -> ChosenVoice:
        """The voice to use when none is named; of the language where there is one."""
        if language and (found := self._for_language(language)):
            return found
        if self._default and (chosen := self.find(self._default)):
            return chosen
        for model, entry in self._registry.models.items():
            if entry.voice and (chosen := self.find(f"{model}/{entry.voice}")):
                return chosen
        if self.voices:
            installed = next(iter(self.voices.values()))
            return ChosenVoice(installed, installed.voice.name)
        raise ModelUnavailable("No voice is installed; `wyoming-openspeakers check` says what is missing")

    def find(self, name: str, speaker: str | None = None) -> ChosenVoice | None:
        """The voice of this name: full, short where it is unique, an alias, a model, or a mixture."""
        name = self._registry.aliases.get(name, name)
        if installed := self._by_short_name.get(name.lower()):
            if speaker is not None and speaker not in installed.voice.speakers:
                _LOGGER.warning("Voice %s has no speaker %r; using its first", installed.name, speaker)
                speaker = None
            return ChosenVoice(installed, installed.voice.name, speaker)
        if voice := self._default_of(name):
            return self.find(voice, speaker)
        model, _, mixture = name.rpartition("/")
        if parts := [part for part in _MIXTURE.split(mixture) if part]:
            first = self._by_short_name.get((f"{model}/{parts[0]}" if model else parts[0]).lower())
            if first and len(parts) > 1 and first.capabilities.mixing:
                return ChosenVoice(first, mixture)
        return None

    def require(self, name: str, speaker: str | None = None) -> ChosenVoice:
        """The voice of this name, or an error that lists what there is."""
        if chosen := self.find(name, speaker):
            return chosen
        names = sorted(self.voices)
        shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        raise UnknownVoice(f"There is no voice {name!r}; voices: {shown or 'none is installed'}")

    def languages(self) -> list[str]:
        """All languages that some voice speaks or is configured for, without regions."""
        tags = [tag for installed in self.voices.values() for tag in installed.voice.languages]
        tags += [tag for tag, name in self._by_language.items() if self.find(name)]
        return sorted({primary(tag) for tag in tags})

    def _for_language(self, language: str) -> ChosenVoice | None:
        tag = _normal(language)
        for key in (tag, primary(tag)):
            if key in self._by_language and (chosen := self.find(self._by_language[key])):
                return chosen
        default = self.default()
        candidates = [default.installed, *self.voices.values()]
        spoken = [(installed, [known.lower() for known in installed.voice.languages]) for installed in candidates]
        for installed, known in spoken:
            if tag in known:
                return self._chosen(installed, default)
        for installed, known in spoken:
            if primary(tag) in [primary(each) for each in known]:
                return self._chosen(installed, default)
        return None

    def _default_of(self, model: str) -> str | None:
        """A model's default voice, or its first where it has none."""
        known = self._registry.resolve(model)
        if known is None:
            return None
        model, entry = known, self._registry.entry(known)
        named = f"{model}/{entry.voice}"
        return named if named in self.voices else next((v.name for v in self.voices.values() if v.model == model), None)

    @staticmethod
    def _chosen(installed: InstalledVoice, default: ChosenVoice) -> ChosenVoice:
        return default if installed is default.installed else ChosenVoice(installed, installed.voice.name)


def primary(tag: str) -> str:
    """A language tag without its region: `en` of `en-GB`."""
    return _normal(tag).split("-")[0]


def _normal(tag: str) -> str:
    return tag.replace("_", "-").lower()
