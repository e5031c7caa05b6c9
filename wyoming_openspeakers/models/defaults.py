"""How to speak when nobody says: as it is configured, until it is changed while the service runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..config import Config
from ..config.values import parse_keep_alive
from ..errors import InvalidRequest
from ..events import DefaultsChanged, EventBus

_LOGGER = logging.getLogger(__name__)

_SLOWEST, _FASTEST = 0.25, 4.0


@dataclass(frozen=True)
class _Chosen:
    """What was chosen in place of the configuration; None where it holds."""

    voice: str | None = None
    speed: float | None = None
    keep_alive: float | str | None = None


class Defaults:
    """What is chosen outlives the process.

    What is configured holds again when a choice is taken back with None, or when the configuration is changed.
    """

    def __init__(self, config: Config, bus: EventBus) -> None:
        self._config = config
        self._bus = bus
        self._file = config.data_path / "defaults.json"
        configured = _Chosen(config.voice.default, config.voice.speed, config.models.keep_alive)
        self._configured = asdict(configured)
        self._chosen = _read(self._file, self._configured)

    @property
    def voice(self) -> str:
        """Voice, alias or model; empty for the default model's own."""
        return self._config.voice.default if self._chosen.voice is None else self._chosen.voice

    @property
    def speed(self) -> float:
        """Times a voice's own."""
        return self._config.voice.speed if self._chosen.speed is None else self._chosen.speed

    @property
    def keep_alive(self) -> float | str:
        """How long a model stays after its last use."""
        chosen = self._chosen.keep_alive
        return self._config.models.keep_alive if chosen is None else chosen

    def choose_voice(self, voice: str | None) -> None:
        """Speak with another; whether there is such a voice is the catalog's to say."""
        self._choose(replace(self._chosen, voice=voice))

    def choose_speed(self, speed: float | None) -> None:
        """Speak faster or slower."""
        if speed is not None and not _SLOWEST <= speed <= _FASTEST:
            raise InvalidRequest(f"The speed must be from {_SLOWEST} to {_FASTEST:g}", "speed")
        self._choose(replace(self._chosen, speed=speed))

    def choose_keep_alive(self, keep_alive: float | str | None) -> None:
        """Keep models longer or shorter."""
        if keep_alive is not None:
            try:
                parse_keep_alive(keep_alive)
            except ValueError as error:
                raise InvalidRequest(f"keep_alive {error}", "keep_alive") from None
        self._choose(replace(self._chosen, keep_alive=keep_alive))

    def _choose(self, chosen: _Chosen) -> None:
        if chosen == self._chosen:
            return
        self._chosen = chosen
        try:
            _write(self._file, chosen, self._configured)
        except OSError as error:
            _LOGGER.warning("What was chosen holds only until the service ends: %s", error)
        self._bus.publish(DefaultsChanged())


def _read(file: Path, configured: Mapping[str, Any]) -> _Chosen:
    try:
        tree: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        kept = {name: choice["chosen"] for name, choice in tree.items() if choice["instead_of"] == configured[name]}
        chosen = _Chosen(**kept)
        if chosen.keep_alive is not None:
            parse_keep_alive(chosen.keep_alive)
        is_sane = isinstance(chosen.voice, str | None) and isinstance(chosen.speed, float | int | None)
        return chosen if is_sane else _Chosen()
    except (FileNotFoundError, NotADirectoryError):
        return _Chosen()
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        _LOGGER.warning("%s cannot be read; the configuration holds", file)
        return _Chosen()


def _write(file: Path, chosen: _Chosen, configured: Mapping[str, Any]) -> None:
    """A few bytes: too few for a thread."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.new")
    choices = {name: value for name, value in asdict(chosen).items() if value is not None}
    tree = {name: {"chosen": value, "instead_of": configured[name]} for name, value in choices.items()}
    draft.write_text(json.dumps(tree), encoding="utf-8")
    draft.replace(file)
