"""Home Assistant's rules for device discovery over MQTT, written down once more: unknown keys are errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

TOPIC = re.compile(r"(?P<prefix>.+)/device/(?P<id>[A-Za-z0-9_-]+)/config")

_AVAILABILITY = {"availability_topic", "payload_available", "payload_not_available"}
_ROOT = {"device", "origin", "components", "state_topic", "command_topic", "qos", "encoding", *_AVAILABILITY}
_DEVICE = {"identifiers", "connections", "name", "manufacturer", "model", "model_id", "sw_version", "hw_version"} | {
    "serial_number",
    "configuration_url",
    "suggested_area",
    "via_device",
}
_ORIGIN = {"name", "sw_version", "support_url"}
_ENTITY = {"platform", "unique_id", "default_entity_id", "name", "icon", "entity_category", "enabled_by_default"} | {
    "json_attributes_topic",
    "json_attributes_template",
    "qos",
    "encoding",
    *_AVAILABILITY,
}
_READ = {"state_topic", "value_template"}
_WRITE = {"command_topic", "command_template", "retain"}

_PLATFORMS: Mapping[str, tuple[set[str], set[str]]] = {
    "sensor": (
        {"state_topic"},
        {"device_class", "state_class", "unit_of_measurement", "options", "expire_after", "force_update"}
        | {"suggested_display_precision", *_READ},
    ),
    "binary_sensor": (
        {"state_topic"},
        {"device_class", "payload_on", "payload_off", "off_delay", "expire_after", "force_update", *_READ},
    ),
    "select": ({"command_topic", "options"}, {"optimistic", "options", *_READ, *_WRITE}),
    "number": (
        {"command_topic"},
        {"device_class", "unit_of_measurement", "min", "max", "step", "mode", "payload_reset", "optimistic"}
        | {*_READ, *_WRITE},
    ),
    "button": ({"command_topic"}, {"device_class", "payload_press", *_WRITE}),
    "event": ({"state_topic", "event_types"}, {"device_class", "event_types", *_READ}),
    "notify": ({"command_topic"}, {*_WRITE}),
    "update": (
        {"state_topic"},
        {"device_class", "latest_version_topic", "latest_version_template", "payload_install", "release_summary"}
        | {"release_url", "title", "display_precision", "command_topic", "retain", *_READ},
    ),
}
"""By platform: what it needs, and what it takes besides what all entities take."""

_CLASSES: Mapping[str, Mapping[str, set[str | None]]] = {
    "sensor": {
        "enum": {None},
        "data_size": {"B", "kB", "MB", "GB", "MiB", "GiB"},
        "duration": {"ms", "s", "min", "h", "d"},
        "temperature": {"°C", "°F", "K"},
        "power": {"W", "kW", "mW"},
    },
    "number": {"duration": {"ms", "s", "min", "h", "d"}},
    "binary_sensor": {"running": {None}, "problem": {None}, "sound": {None}},
    "button": {"restart": {None}, "update": {None}, "identify": {None}},
    "event": {},
    "update": {"firmware": {None}},
}
"""Device classes that are in question here, and the units that each takes."""

_NEVER_CONFIG = {"sensor", "binary_sensor", "event"}
_NEVER_DIAGNOSTIC = {"select", "number"}
_FREE_TOPIC = re.compile(r"[^#+\0]+")
_ENTITY_ID = re.compile(r"[a-z_]+\.[a-z0-9]+(?:_[a-z0-9]+)*")
_ICON = re.compile(r"mdi:[a-z0-9-]+")
_LONGEST_STATE = 255


def check(topic: str, payload: str) -> list[str]:
    """What is wrong with a discovery message; nothing, one hopes."""
    return list(_wrong(topic, payload))


def _wrong(topic: str, payload: str) -> Iterator[str]:
    if not TOPIC.fullmatch(topic):
        yield f"{topic} is no topic for a device"
    message = json.loads(payload)
    yield from _keys("the message", message, {"device", "origin", "components"}, _ROOT)
    device = message["device"]
    yield from _keys("device", device, {"name"}, _DEVICE)
    if not device.get("identifiers") and not device.get("connections"):
        yield "the device has no identifier"
    url = urlsplit(device.get("configuration_url", "http://home"))
    if url.scheme not in ("http", "https") or not url.hostname:
        yield "configuration_url leads nowhere"
    yield from _keys("origin", message["origin"], {"name"}, _ORIGIN)
    if message.get("availability_topic") is None:
        yield "nobody would know when it is away"
    seen: dict[str, list[str]] = {"unique_id": [], "default_entity_id": [], "name": []}
    for key, component in message["components"].items():
        if set(component) == {"platform"}:
            if component["platform"] not in _PLATFORMS:
                yield f"{key}: there is no platform {component['platform']}"
            continue
        yield from (f"{key}: {error}" for error in _component(component))
        for name, values in seen.items():
            values.append(str(component.get(name)))
    for name in ("unique_id", "default_entity_id"):
        if len(seen[name]) != len(set(seen[name])):
            yield f"{name} is not unique"


def _component(config: Mapping[str, Any]) -> Iterator[str]:
    platform = str(config.get("platform"))
    if platform not in _PLATFORMS:
        yield f"there is no platform {platform}"
        return
    required, allowed = _PLATFORMS[platform]
    yield from _keys("it", config, {"unique_id", "default_entity_id", "name", *required}, _ENTITY | allowed)
    if not _ENTITY_ID.fullmatch(config["default_entity_id"]) or not config["default_entity_id"].startswith(platform):
        yield f"default_entity_id {config['default_entity_id']}"
    for name in (name for name in config if name.endswith("_topic")):
        if not _FREE_TOPIC.fullmatch(config[name]):
            yield f"{name} {config[name]}"
    if "icon" in config and not _ICON.fullmatch(config["icon"]):
        yield f"icon {config['icon']}"
    category = config.get("entity_category")
    if category not in (None, "config", "diagnostic"):
        yield f"entity_category {category}"
    if category == "config" and platform in _NEVER_CONFIG:
        yield f"a {platform} sets nothing"
    if category == "diagnostic" and platform in _NEVER_DIAGNOSTIC:
        yield f"a {platform} is no diagnosis"
    yield from _classes(platform, config)
    yield from _values(platform, config)


def _classes(platform: str, config: Mapping[str, Any]) -> Iterator[str]:
    kind, unit = config.get("device_class"), config.get("unit_of_measurement")
    if kind is not None:
        units = _CLASSES[platform].get(kind)
        if units is None:
            yield f"there is no device class {kind}"
        elif unit not in units:
            yield f"{kind} in {unit}"
    elif "icon" not in config:
        yield "neither a device class nor an icon"
    if platform == "sensor":
        if config.get("state_class") not in (None, "measurement", "total", "total_increasing"):
            yield f"state_class {config['state_class']}"
        if unit and not config.get("state_class"):
            yield "a unit, but no state class"
        if ("options" in config) != (kind == "enum"):
            yield "options and enum belong together"
        if kind == "enum" and (config.get("state_class") or unit):
            yield "an enum measures nothing"


def _values(platform: str, config: Mapping[str, Any]) -> Iterator[str]:
    for name in ("options", "event_types"):
        values = config.get(name)
        if values is None:
            continue
        if not values or len(values) != len(set(values)):
            yield f"{name}: none, or one twice"
        if any(not value.strip() or value.lower() == "none" or len(value) > _LONGEST_STATE for value in values):
            yield f"{name}: one that cannot be a state"
    if platform == "number" and not (config["min"] < config["max"] and config["step"] >= 0.001):
        yield "no range"
    if platform == "number" and config.get("mode") not in ("auto", "box", "slider"):
        yield "mode"
    if platform == "update" and "command_topic" in config and not config.get("payload_install"):
        yield "nothing to install with"


def _keys(what: str, found: Mapping[str, Any], required: set[str], allowed: set[str]) -> Iterator[str]:
    for missing in required - found.keys():
        yield f"{what} has no {missing}"
    for unknown in found.keys() - allowed:
        yield f"{what} has an unknown {unknown}"
