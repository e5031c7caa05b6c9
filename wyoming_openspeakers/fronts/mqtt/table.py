"""The documentation of the topics, made from the schemas."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import documented_answers
from .command_types import (
    ClearCacheCommand,
    Command,
    DownloadCommand,
    KeepAliveCommand,
    LoadCommand,
    ModelCommand,
    SayCommand,
    SpeedCommand,
    StopCommand,
    UnloadCommand,
    VoiceCommand,
)
from .payloads import Documented, documented
from .topics import Topics


def render_topics() -> str:
    """All topics as two Markdown tables, for README: what the service says, and what it is told."""
    topics = Topics("openspeakers")
    said = ["| Topic | Retained | Payload | Meaning |", "|---|---|---|---|"]
    said += [
        f"| `{each.topic}` | {'yes' if each.retained else 'no'} | {_payload(each)} | {each.meaning} |"
        for each in (*documented(topics), *documented_answers(topics))
    ]
    taken = ["| Command | Plain payload | JSON | Meaning |", "|---|---|---|---|"]
    for topic, command in _commands(topics).items():
        plain = f"`{command.plain}`" if command.plain else ""
        taken.append(f"| `{topic}` | {plain} | {_names(command.model_fields)} | {command.__doc__} |")
    return "\n".join([*said, "", *taken]) + "\n"


def _commands(topics: Topics) -> dict[str, type[Command]]:
    return {
        topics.say: SayCommand,
        topics.stop: StopCommand,
        topics.load: LoadCommand,
        topics.unload: UnloadCommand,
        topics.choose_voice: VoiceCommand,
        topics.choose_model: ModelCommand,
        topics.choose_speed: SpeedCommand,
        topics.choose_keep_alive: KeepAliveCommand,
        topics.download: DownloadCommand,
        topics.clear_cache: ClearCacheCommand,
    }


def _payload(each: Documented) -> str:
    schema = each.schema()
    if each.is_json:
        return f"JSON: {_names(schema['properties'])}"
    return _names(schema["enum"]) if "enum" in schema else str(schema["type"])


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
