"""The voices that can be used now, over all models, and which one is meant."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..engines.base import Reference, Voice
from ..engines.capabilities import Capabilities
from ..errors import ModelUnavailable, UnknownVoice
from .languages import normal, primary, suits
from .profiles.profile import Profile, Style
from .readiness import problem_and_fix
from .registry import ModelEntry, Registry
from .unknown_voice import unknown_voice

_LOGGER = logging.getLogger(__name__)
_MIXTURE = re.compile(r"[+(]")
DEFAULT = "default"
"""What an alias may stand for: the default voice, whichever it is."""


@dataclass(frozen=True)
class InstalledVoice:
    """A voice of a model whose files are there."""

    model: str
    entry: ModelEntry
    capabilities: Capabilities
    voice: Voice

    engine_voice: str
    """What the engine is told: the voice's own name, or that of the voice or mixture that it lends from."""

    speaker: str | None = None
    """The speaker in that voice, where a user chose one for good."""

    profile: Profile | None = None
    """What a user made it of."""

    references: tuple[Reference, ...] = ()
    design: str = ""
    style: Style = field(default_factory=Style)

    @property
    def name(self) -> str:
        """Unique over all models: `kokoro/af_heart`."""
        return f"{self.model}/{self.voice.name}"

    @property
    def label(self) -> str:
        """What people read in a list of all voices: what somebody made goes by the name that it was given."""
        model, voice = self.entry.name or self.model, self.voice
        return f"{voice.name} ({model})" if self.profile else f"{model}: {voice.description or voice.name}"

    def chosen(self, speaker: str | None = None) -> ChosenVoice:
        """It as it is spoken with."""
        return ChosenVoice(self, self.engine_voice, speaker or self.speaker)


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


def anything(model: str) -> bool:
    """Whether a model could be held in memory, where nobody knows better."""
    return True


class VoiceCatalog:
    """A picture of all voices at one moment."""

    def __init__(
        self,
        registry: Registry,
        default: str = "",
        by_language: Mapping[str, str] | None = None,
        profiles: Sequence[Profile] = (),
        fits: Callable[[str], bool] = anything,
    ) -> None:
        """`fits` says whether a model could be held in memory: of two voices that suit, that one speaks."""
        self._registry = registry
        self._by_language = {normal(tag): name for tag, name in (by_language or {}).items()}
        self.voices: dict[str, InstalledVoice] = {}
        working: dict[str, Capabilities] = {}
        for model, entry in registry.models.items():
            engine = registry.engine(model)
            try:
                if (spec := registry.usable(model)) is None:
                    continue
                voices, capabilities = engine.voices(spec), engine.capabilities_of(spec)
            except Exception:
                _LOGGER.exception("The voices of %s cannot be listed", model)
                continue
            working[model] = capabilities
            for voice in voices:
                known = replace(voice, rate=voice.rate or entry.sample_rate or 0)
                installed = InstalledVoice(model, entry, capabilities, known, known.name)
                self.voices[installed.name] = installed
        is_choice = len(working) > 1
        self._too_large = {model for model in working if is_choice and not fits(model)}
        self._by_short_name: dict[str, InstalledVoice] = {}
        for installed in self.voices.values():
            self._name(installed)
        self._default = default
        self._missing = self._add(profiles, working)

    def default(self, language: str | None = None) -> ChosenVoice:
        """The voice to use when none is named; of the language where there is one."""
        if language and (found := self._for_language(language)):
            return found
        if self._default and (chosen := self.find(self._default)):
            return chosen
        if chosen := self._first():
            return chosen
        raise ModelUnavailable("No voice is installed; `wyoming-openspeakers check` says what is missing")

    def find(self, name: str, speaker: str | None = None) -> ChosenVoice | None:
        """The voice of this name: full, short where it is unique, an alias, a model, or a mixture."""
        if targets := self.targets(name):
            found = (self._any() if target == DEFAULT else self._named(target, speaker) for target in targets)
            return next((chosen for chosen in found if chosen), None)
        return self._named(name, speaker)

    def targets(self, name: str) -> tuple[str, ...]:
        """The voices that an alias stands for, best first; none where it is no alias or a user's own voice has it."""
        installed = self._by_short_name.get(name.lower())
        return () if installed and installed.profile else self._registry.aliases.get(name.lower(), ())

    def _named(self, name: str, speaker: str | None = None) -> ChosenVoice | None:
        if installed := self._by_short_name.get(name.lower()):
            if speaker is not None and speaker not in installed.voice.speakers:
                _LOGGER.warning("Voice %s has no speaker %r; using its first", installed.name, speaker)
                speaker = None
            return installed.chosen(speaker)
        if voice := self._default_of(name):
            return self._named(voice, speaker)
        if name in self._registry.model_aliases:
            return self._any()
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
        if profile := self._missing.get(name.lower()):
            needs = f"the voice {profile.voice!r}" if profile.kind == "preset" else f"the model {profile.model!r}"
            raise UnknownVoice(f"The voice {name!r} needs {needs}, which cannot be used at the moment")
        for model in map(self._registry.resolve, (name, name.rpartition("/")[0])):
            if model and (problem := problem_and_fix(self._registry, model)):
                raise UnknownVoice(f"There is no voice {name!r} yet: {problem}")
        raise unknown_voice(name, self.voices)

    def languages(self) -> list[str]:
        """All languages that some voice speaks or is configured for, without regions."""
        tags = [tag for installed in self.voices.values() for tag in installed.voice.languages]
        tags += [tag for tag, name in self._by_language.items() if self.find(name)]
        return sorted({primary(tag) for tag in tags})

    def can_hold(self, chosen: ChosenVoice) -> bool:
        """Whether there is a place in memory for what a voice needs, with all others gone."""
        return chosen.model not in self._too_large

    def _any(self) -> ChosenVoice | None:
        """The default voice for an alias, which the configured default may be itself."""
        default = self._default
        is_alias = self.targets(default) or default in self._registry.model_aliases
        return (self._named(default) if default and not is_alias else None) or self._first()

    def _first(self) -> ChosenVoice | None:
        """The voice of the first model that has one by default, or else the first of all."""
        names = [f"{model}/{entry.voice}" for model, entry in self._registry.models.items() if entry.voice]
        by_default = [self.voices[name] for name in names if name in self.voices]
        found = self._fitting_first([*by_default, *self.voices.values()])
        return found[0].chosen() if found else None

    def _fitting_first(self, voices: Iterable[InstalledVoice]) -> list[InstalledVoice]:
        """Voices in their order, but those that no memory can hold at the end."""
        return sorted(voices, key=lambda installed: installed.model in self._too_large)

    def _add(self, profiles: Sequence[Profile], working: Mapping[str, Capabilities]) -> dict[str, Profile]:
        """Add what users made; those that cannot be made now are given back by their names."""
        waiting = list(profiles)
        # Presets may lend from others, which may come later.
        while waiting:
            later = [profile for profile in waiting if not self._add_one(profile, working)]
            if len(later) == len(waiting):
                break
            waiting = later
        return {name.lower(): profile for profile in waiting for name in (profile.name, profile.id)}

    def _add_one(self, profile: Profile, working: Mapping[str, Capabilities]) -> bool:
        made = self._made(profile, working)
        if made is None:
            return False
        if made.name in self.voices:
            _LOGGER.warning("The voice %r is hidden by one of the model's own", made.name)
            return True
        self.voices[made.name] = made
        self._name(made)
        return True

    def _name(self, installed: InstalledVoice) -> None:
        """Have a voice found by its names; the first of a name has it."""
        names = [installed.voice.name, installed.name, *([installed.profile.id] if installed.profile else [])]
        for name in names:
            self._by_short_name.setdefault(name.lower(), installed)

    def _made(self, profile: Profile, working: Mapping[str, Capabilities]) -> InstalledVoice | None:
        """A voice that a user made; None while its model cannot speak with it."""
        base = self._base(profile, working)
        if base is None or (profile.kind == "cloned" and not (base.capabilities.cloning and profile.samples)):
            return None
        if profile.kind == "designed" and not base.capabilities.designs:
            return None
        own = base.voice
        return replace(
            base,
            voice=replace(
                own,
                name=profile.name,
                languages=(profile.language,) if profile.language else own.languages,
                description=profile.description or profile.name,
                gender=profile.gender or (own.gender if profile.kind == "preset" else None),
                speakers=(),
            ),
            profile=profile,
            references=profile.references() or base.references,
            design=profile.design or base.design,
            style=base.style.under(profile.style),
        )

    def _base(self, profile: Profile, working: Mapping[str, Capabilities]) -> InstalledVoice | None:
        """What a voice is made from: one of its model's, or nothing but the model."""
        if profile.kind == "preset":
            chosen = self.find(profile.voice)
            if chosen is None:
                return None
            return replace(chosen.installed, engine_voice=chosen.engine_voice, speaker=chosen.speaker)
        model = self._registry.resolve(profile.model)
        if model is None or model not in working:
            return None
        if name := self._default_of(model):
            return self.voices[name]
        entry = self._registry.entry(model)
        voice = Voice("", entry.languages or ("en",), rate=entry.sample_rate or 0)
        return InstalledVoice(model, entry, working[model], voice, "")

    def _for_language(self, language: str) -> ChosenVoice | None:
        tag = normal(language)
        for key in (tag, primary(tag)):
            if key in self._by_language and (chosen := self.find(self._by_language[key])):
                return chosen
        default = self.default()
        if any(suits(known, tag) for known in default.installed.voice.languages):
            return default
        candidates = [default.installed, *self.voices.values()]
        speaking = [one for one in candidates if primary(tag) in map(primary, one.voice.languages)]
        if not speaking:
            return None
        exact_first = sorted(speaking, key=lambda one: tag not in map(normal, one.voice.languages))
        return self._chosen(self._fitting_first(exact_first)[0], default)

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
        return default if installed is default.installed else installed.chosen()
