"""The documentation of the settings, made from the tree."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from .load import ENVIRONMENT_PREFIX
from .tree import Config


def keys(section: type[BaseModel] = Config, prefix: str = "") -> list[tuple[str, FieldInfo]]:
    """Every key of the tree with its field, for documentation."""
    found = []
    for name, field in section.model_fields.items():
        inner = _section(field.annotation)
        found += keys(inner, f"{prefix}{name}.") if inner else [(f"{prefix}{name}", field)]
    return found


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a key is; a mapping of sections is a value with keys of the user's own."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def default_of(field: FieldInfo) -> str:
    """A field's default as YAML."""
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    default = list(default) if isinstance(default, tuple) else default
    text: str = yaml.safe_dump(default, default_flow_style=True, width=1000).removesuffix("...\n")
    return text.strip()


def render_config() -> str:
    """The shipped config.yaml: every key with its default and what it is for."""
    lines = [
        "# Wyoming OpenSpeakers: every setting with its default.",
        "# Copy what you change to a file of your own and start with --config FILE, or set it in the environment:",
        f"# {ENVIRONMENT_PREFIX}AUDIO__OUTPUT_RATE=22050. Flags win over the environment, the environment over files.",
    ]
    for name, field in Config.model_fields.items():
        section = _section(field.annotation)
        lines += ["", f"# {field.description or (section and section.__doc__)}"]
        if section is None:
            lines.append(f"{name}: {default_of(field)}")
            continue
        lines.append(f"{name}:")
        for key, inner in section.model_fields.items():
            lines += [f"  # {inner.description}", f"  {key}: {default_of(inner)}"]
    return "\n".join(lines) + "\n"


def render_table() -> str:
    """The settings as a Markdown table, for their page."""
    rows = ["| Key | Default | Meaning |", "|---|---|---|"]
    rows += [
        f"| `{key}` | `{default_of(field)}` | {(field.description or '').replace('|', chr(92) + '|')} |"
        for key, field in keys()
    ]
    return "\n".join(rows) + "\n"
