"""What the user of the add-on has set, as the Supervisor writes it down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError

from ...config import Section, explain
from ...config.tree import LogLevel
from ...errors import ConfigError

_OPENAI_ONLY = ("api_key", "model", "voices")


class Remote(Section):
    """A speech server elsewhere."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="What its voices' names begin with.")
    url: str = Field(pattern=r"^(tcp|https?)://\S+$", description="Wyoming with tcp://, OpenAI's API with http(s)://.")
    api_key: SecretStr = SecretStr("")
    model: str = ""
    voices: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def is_wyoming(self) -> bool:
        """It speaks Wyoming; else OpenAI's API."""
        return self.url.startswith("tcp://")


class AddonOptions(Section):
    """The add-on's options."""

    voice: str = ""
    speed: float = Field(1.0, ge=0.25, le=4)
    languages: tuple[str, ...] = ()
    models: tuple[str, ...] = Field((), description="Models to have: kokoro, piper/de_DE-thorsten-medium.")
    remotes: tuple[Remote, ...] = Field((), description="Speech servers elsewhere.")
    mqtt: bool = Field(True, description="Use the broker that the Supervisor knows.")
    api_key: SecretStr = Field(SecretStr(""), description="For clients other than Home Assistant's own pages.")
    hub_token: SecretStr = SecretStr("")
    log_level: LogLevel = "info"


def read_options(path: Path) -> AddonOptions:
    """The options; an error names the one that is wrong."""
    try:
        given = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path}: not valid JSON") from None
    if not isinstance(given, dict):
        raise ConfigError(f"{path}: must hold the add-on's options")
    try:
        # An option that was left empty is null, or not there.
        options = AddonOptions.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(f"Option {explain(error, AddonOptions)}") from None
    _check(options.remotes)
    return options


def _check(remotes: Sequence[Remote]) -> None:
    """What a server is told must be for servers of its kind; said without the value, which may be a key."""
    names: set[str] = set()
    for index, remote in enumerate(remotes):
        if remote.name in names:
            raise ConfigError(f"Option remotes.{index}.name: {remote.name} is there twice; give each a name of its own")
        names.add(remote.name)
        for field in _OPENAI_ONLY:
            if remote.is_wyoming and getattr(remote, field) != Remote.model_fields[field].default:
                raise ConfigError(f"Option remotes.{index}.{field}: is for OpenAI's API, not for Wyoming (tcp://)")
