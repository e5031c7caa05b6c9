"""The add-on's options as the service's own settings: arguments, variables and files with secrets."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ...config import ENVIRONMENT_PREFIX, SHIPPED_MODELS, read_yaml
from ...errors import ConfigError
from .options import AddonOptions, Remote
from .supervisor import Broker

INGRESS = "172.30.32.2"
"""The Supervisor, through which Home Assistant shows the add-on's pages to people who have logged in."""


@dataclass(frozen=True)
class Places:
    """Where things are in the add-on's container."""

    data: Path = Path("/data/openspeakers")
    """The service's data; a backup has it."""

    own: Path = Path("/config")
    """Files of the user: config.yaml, models.yaml and the folder `models`."""

    private: Path = Path("/run/openspeakers")
    """Secrets and what is made anew at each start; gone with the container."""

    uri: str = "tcp://0.0.0.0:10200"
    http: str = "0.0.0.0:8080"
    ingress: str = INGRESS

    @property
    def key(self) -> Path:
        """The key of the side server."""
        return self.private / "http-key"


@dataclass(frozen=True)
class Plan:
    """How to start the service."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    files: Mapping[Path, str]
    """To be written first, for the service's eyes only."""


def plan(options: AddonOptions, broker: Broker | None, places: Places) -> Plan:
    """What the options come to. What the add-on depends on is said as flags, which win over the user's own file."""
    files = {places.key: options.api_key.get_secret_value() or secrets.token_urlsafe(32)}
    arguments = ["--data-dir", str(places.data), "--uri", places.uri, "--http", places.http, "--no-zeroconf"]
    own = _tree(places.own / "config.yaml")
    if own is not None:
        arguments += ["--config", str(places.own / "config.yaml")]
    if models := _models(options.remotes, places, files):
        path = places.private / "models.yaml"
        files[path] = yaml.safe_dump(models, allow_unicode=True, sort_keys=False)
        arguments += ["--models", str(path)]
    settings = {
        "log_level": options.log_level,
        # Nobody but Home Assistant's own pages comes in without the key.
        "http.api_key_file": str(places.key),
        "http.trusted_proxies": [places.ingress],
        "http.hosts": ["*"],
        **_spoken(options),
        **(_mqtt(broker, places, files) if broker else {}),
    }
    if token := options.hub_token.get_secret_value():
        settings["hub.token"] = token
    if (places.own / "models").is_dir() and not has_own(own, "models", "paths"):
        settings["models.paths"] = [str(places.own / "models")]
    return Plan(tuple(arguments), dict(_variables(settings)), files)


def own_settings(places: Places) -> Mapping[str, Any]:
    """What the user's own file says; nothing where there is none."""
    return _tree(places.own / "config.yaml") or {}


def has_own(tree: Mapping[str, Any] | None, section: str, key: str) -> bool:
    """The user's own file says something there."""
    inner = (tree or {}).get(section)
    return isinstance(inner, dict) and bool(inner.get(key))


def _tree(path: Path) -> dict[str, Any] | None:
    return read_yaml(path) if path.is_file() else None


def _spoken(options: AddonOptions) -> dict[str, Any]:
    """How to speak; what was left as it comes is for the user's own file to say."""
    given = {
        "voice.default": options.voice.strip(),
        "voice.speed": options.speed if options.speed != 1 else None,
        "voice.languages": list(options.languages),
    }
    return {key: value for key, value in given.items() if value}


def _mqtt(broker: Broker, places: Places, files: dict[Path, str]) -> dict[str, Any]:
    settings: dict[str, Any] = {"mqtt.host": broker.host, "mqtt.port": broker.port, "mqtt.tls": broker.tls}
    if broker.username:
        settings["mqtt.username"] = broker.username
    if broker.password:
        path = places.private / "mqtt-password"
        files[path] = broker.password
        settings["mqtt.password_file"] = str(path)
    return settings


def _models(remotes: tuple[Remote, ...], places: Places, files: dict[Path, str]) -> dict[str, Any] | None:
    """The user's own models with the remote ones among them; None where there are neither."""
    tree = _tree(places.own / "models.yaml")
    if not remotes:
        return tree
    models = dict((tree or {}).get("models") or {})
    taken = {*models, *(read_yaml(SHIPPED_MODELS).get("models") or {})}
    for remote in remotes:
        if remote.name in taken:
            raise ConfigError(f"Option remotes: there is a model {remote.name} already; choose another name")
        models[remote.name] = _entry(remote, places, files)
    return {**(tree or {}), "models": models}


def _entry(remote: Remote, places: Places, files: dict[Path, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"url": remote.url}
    if remote.model:
        parameters["model"] = remote.model
    if remote.voices:
        parameters["voices"] = list(remote.voices)
    if key := remote.api_key.get_secret_value():
        path = places.private / f"{remote.name}-key"
        files[path] = key
        parameters["api_key_file"] = str(path)
    entry: dict[str, Any] = {
        "engine": "wyoming_remote" if remote.is_wyoming else "openai_remote",
        "name": remote.name,
        "description": f"Spoken by {remote.url.partition('://')[2].partition('/')[0]}",
        "parameters": parameters,
    }
    if remote.languages:
        entry["languages"] = list(remote.languages)
    return entry


def _variables(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        name = ENVIRONMENT_PREFIX + key.replace(".", "__").upper()
        # JSON is YAML, which the service reads its variables as where they are no text.
        yield name, value if isinstance(value, str) else json.dumps(value)
