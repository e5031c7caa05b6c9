"""Remembers what was announced where, so that it can be taken back when the settings are others."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ...config.tree import MqttConfig

_LOGGER = logging.getLogger(__name__)

FILE = "mqtt.json"


@dataclass(frozen=True)
class Broker:
    """Where a broker is and how to talk to it; its password is in the configuration alone."""

    host: str
    port: int
    username: str = ""
    tls: bool = False
    tls_ca: str = ""
    tls_insecure: bool = False

    @classmethod
    def of(cls, config: MqttConfig) -> Broker:
        """The broker of a configuration."""
        port = config.port or (8883 if config.tls else 1883)
        return cls(config.host, port, config.username, config.tls, config.tls_ca, config.tls_insecure)

    @property
    def address(self) -> tuple[str, int]:
        """What makes it this broker and not another."""
        return self.host.lower(), self.port

    def config(self, now: MqttConfig) -> MqttConfig:
        """A configuration to reach it again. The password of now is for the same user only."""
        known = asdict(self)
        if self.username != now.username:
            known.update(password=SecretStr(""), password_file="")
        return now.model_copy(update=known)


@dataclass(frozen=True)
class Announced:
    """What was published at a broker to stay."""

    broker: Broker

    topic: str
    """Of the discovery message; empty when there was none."""

    components: Mapping[str, str] = field(default_factory=dict)
    """The platform of each, also of those that have gone since."""

    retained: tuple[str, ...] = ()
    """All other topics."""

    @property
    def availability(self) -> str:
        """Where the service says whether it is there; empty when that is not known."""
        return next((topic for topic in self.retained if topic.endswith("/availability")), "")

    @property
    def topics(self) -> tuple[str, ...]:
        """All that there is to take back; the device goes first, so that no entity is seen to fail."""
        return (*([self.topic] if self.topic else []), *self.retained)


class Memory:
    """A small file in the data folder."""

    def __init__(self, data: Path) -> None:
        self._file = data / FILE

    def read(self) -> list[Announced]:
        """What was announced, one entry a broker."""
        try:
            return [_announced(entry) for entry in json.loads(self._file.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            _LOGGER.warning("%s cannot be read; what was announced before may have to be removed by hand", self._file)
            return []

    def remember(self, announced: Announced) -> None:
        """Note what is at a broker now, in place of what was noted for it."""
        others = [known for known in self.read() if known.broker.address != announced.broker.address]
        self._write([*others, announced])

    def forget(self, broker: Broker) -> None:
        """Note that nothing of ours is at a broker any more."""
        self._write([known for known in self.read() if known.broker.address != broker.address])

    def _write(self, all_announced: Iterable[Announced]) -> None:
        """A few kilobytes: too few for a thread."""
        entries = [asdict(announced) for announced in all_announced]
        try:
            if not entries:
                self._file.unlink(missing_ok=True)
                return
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._file.with_name(f"{FILE}.new")
            draft.write_text(json.dumps(entries), encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            _LOGGER.warning("%s cannot be written: %s", self._file, error)


def _announced(entry: dict[str, Any]) -> Announced:
    broker = Broker(**entry["broker"])
    if not isinstance(broker.host, str) or not isinstance(broker.port, int):
        raise TypeError("no broker")
    components = {str(key): str(platform) for key, platform in entry["components"].items()}
    return Announced(broker, str(entry["topic"]), components, tuple(str(topic) for topic in entry["retained"]))
