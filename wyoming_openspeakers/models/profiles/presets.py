"""The presets of the configuration, as profiles that only the configuration changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ...config import PresetConfig
from ...errors import ConfigError
from .profile import Profile, Style
from .rules import InvalidProfile, checked, is_same_name


def configured(presets: Mapping[str, PresetConfig]) -> tuple[Profile, ...]:
    """A profile of each preset in `voice.presets`."""
    profiles: list[Profile] = []
    for name, preset in presets.items():
        try:
            profile = checked(_profile(name, preset))
        except InvalidProfile as error:
            raise ConfigError(f"voice.presets: {name!r}: {error}") from None
        if any(is_same_name(profile.name, other.name) for other in profiles):
            raise ConfigError(f"voice.presets: the name {name!r} is there twice, in other capitals")
        profiles.append(profile)
    return tuple(profiles)


def _profile(name: str, preset: PresetConfig) -> Profile:
    style = Style(preset.speed, preset.pitch, preset.instructions, preset.seed, preset.parameters)
    model, slash, _ = preset.voice.partition("/")
    return Profile(
        id=f"preset-{hashlib.sha256(name.encode()).hexdigest()[:16]}",
        name=name,
        kind="preset",
        model=model if slash else "",
        voice=preset.voice,
        language=preset.language,
        description=preset.description,
        style=style,
    )
