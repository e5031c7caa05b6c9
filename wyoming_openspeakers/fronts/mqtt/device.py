"""The device that Home Assistant shows: what it is called, and the message that makes it known."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ... import __version__
from ...config.tree import MqttConfig
from .components import components
from .shown import EntityTopics, Shown, safe, slug
from .topics import Topics

_NAME = "OpenSpeakers"
_PROJECT = "Wyoming OpenSpeakers"


@dataclass(frozen=True)
class Device:
    """This service as a device."""

    id: str
    """In letters that a discovery topic may have; no other service has it."""

    name: str

    prefix: str
    """Home Assistant's own topic prefix."""

    @classmethod
    def of(cls, config: MqttConfig, installation: str, name: str = "") -> Device:
        """The device of an installation; without a name, one that tells services on one broker apart."""
        base = Topics(config.topic).base
        default = _NAME if base == _NAME.lower() else f"{_NAME} {base}"
        return cls(f"openspeakers_{safe(installation)}", name or default, config.discovery_prefix.rstrip("/"))

    @property
    def topic(self) -> str:
        """Where it is announced."""
        return f"{self.prefix}/device/{self.id}/config"

    @property
    def slug(self) -> str:
        """The beginning of its entities' ids."""
        return slug(self.name) or _NAME.lower()


def device_config(
    device: Device, shown: Shown, topics: Topics, *, url: str = "", gone: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The discovery message: everything there is, and the components that are `gone`, by their platforms."""
    known: dict[str, Any] = {
        "identifiers": [device.id],
        "name": device.name,
        "manufacturer": _PROJECT,
        "model": "Speech service",
        "sw_version": __version__,
    }
    if is_reachable(url):
        known["configuration_url"] = url
    entities = components(shown, topics, EntityTopics(topics), device.id, device.slug)
    removed = {key: {"platform": platform} for key, platform in (gone or {}).items() if key not in entities}
    return {
        "device": known,
        "origin": {"name": _PROJECT, "sw_version": __version__},
        "availability_topic": topics.availability,
        "payload_available": "online",
        "payload_not_available": "offline",
        "qos": 1,
        "components": {**removed, **entities},
    }


def is_reachable(url: str) -> bool:
    """Whether a link may lead somewhere from another machine; Home Assistant takes http and https only."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or host in ("", "localhost"):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)
