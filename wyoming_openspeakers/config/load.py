"""Where settings come from: the shipped file, the user's, the environment and flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from ..errors import ConfigError
from .explain import explain, section_of
from .tree import Config

Tree = dict[str, Any]

ENVIRONMENT_PREFIX = "OPENSPEAKERS__"

KNOWN_VARIABLES = {
    "GPU_DEVICE_ID": "models.gpus",
    "MODEL_CACHE_DIR": "models.folder",
    "AUDIO_OUTPUT_DIR": "audio.output_dir",
    "HUGGINGFACE_HUB_TOKEN": "hub.token",
    "HF_TOKEN": "hub.token",
}
"""Variables that users of such services set already, and the keys that they mean."""

_SHIPPED = Path(__file__).parents[1] / "shipped"
SHIPPED_CONFIG = _SHIPPED / "config.yaml"
SHIPPED_MODELS = _SHIPPED / "models.yaml"


def read_yaml(path: Path) -> Tree:
    """A file's tree; errors name the file."""
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not a UTF-8 text file") from None
    except yaml.MarkedYAMLError as error:
        where = f" line {error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise ConfigError(f"{path}:{where} not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        # A character that may not be there, or a value that only looks like a date or a number.
        raise ConfigError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: must hold keys and values, not a {type(tree).__name__}")
    return tree


def load_config(
    path: Path | None = None, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Config:
    """The shipped defaults, under the user's file, under the environment, under the flags.

    Flags are named by their key: `{"wyoming.uris": [...]}`.
    """
    layers: list[tuple[str, Tree]] = [(SHIPPED_CONFIG.name, read_yaml(SHIPPED_CONFIG))]
    if path is not None:
        layers.append((str(path), read_yaml(path)))
    layers += [(name, _nest(keys, value)) for name, keys, value in _environment(environment or {})]
    layers += [("command line", _nest(key.split("."), value)) for key, value in (flags or {}).items()]

    tree: Tree = {}
    for source, layer in layers:
        tree = _merge(tree, layer)
        try:
            config = Config.model_validate(tree)
        except ValidationError as error:
            raise ConfigError(f"{source}: {explain(error, Config)}") from None
    return config


def _environment(environment: Mapping[str, str]) -> list[tuple[str, list[str], Any]]:
    entries: list[tuple[str, list[str], Any]] = []
    for name, key in KNOWN_VARIABLES.items():
        if text := environment.get(name, ""):
            field = _field_at(key.split("."))
            is_list = field is not None and get_origin(field.annotation) is tuple
            value = [part.strip() for part in text.split(",")] if is_list else text
            entries.append((name, key.split("."), value))
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT_PREFIX):
            keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            entries.append((name, keys, _value(environment[name], keys)))
    return entries


def _value(text: str, keys: Sequence[str]) -> Any:
    """What a variable says: text where the key holds text, else YAML."""
    field = _field_at(keys)
    if field is not None and field.annotation in (str, SecretStr):
        return text
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    return text if value is None and not text else value


def _field_at(keys: Sequence[str]) -> FieldInfo | None:
    section: type[BaseModel] | None = Config
    field = None
    for key in keys:
        field = section.model_fields.get(key) if section else None
        section = section_of(field.annotation) if field else None
    return field


def _nest(keys: Sequence[str], value: Any) -> Tree:
    for key in reversed(keys):
        value = {key: value}
    tree: Tree = value
    return tree


def _merge(under: Tree, over: Tree) -> Tree:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if value is None and isinstance(below, dict):
            # A heading whose lines are all commented out changes nothing.
            continue
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
