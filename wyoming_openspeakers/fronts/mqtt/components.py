"""The entities of the device, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ...events import JobState
from .choices import Choices
from .shown import Downloadable, EntityTopics, Shown, ShownGpu, slug
from .topics import Topics

_Traits = Mapping[str, Any]

_CONFIG: _Traits = {"entity_category": "config"}
_DIAGNOSTIC: _Traits = {"entity_category": "diagnostic"}
_MEASURED: _Traits = {"state_class": "measurement", **_DIAGNOSTIC}
_HIDDEN: _Traits = {"enabled_by_default": False}
"""Those who want it turn it on; others are spared an entity that changes all the time, or that waits for nothing."""

_LONGEST_STATE = 255
"""Characters of a state in Home Assistant."""

_LONGEST_STAY = 86400
"""Seconds; -1 is for good."""

_BYTES_OF_MB = 1_000_000


@dataclass(frozen=True)
class _Entity:
    platform: str
    key: str
    config: dict[str, Any]


def components(shown: Shown, topics: Topics, own: EntityTopics, device: str, name: str) -> dict[str, dict[str, Any]]:
    """Every entity by its key, as a discovery message has them; keys never change, so that people's settings last.

    `device` begins the entities' unique ids, and `name` the ids that people use.
    """
    entities = (
        *_speaking(topics),
        *_standing(topics, own),
        *_settings(shown, topics, own),
        *(entity for gpu in shown.gpus for entity in _gpu(gpu, topics, is_only=len(shown.gpus) == 1)),
        *(_update(model, topics, own) for model in shown.downloadable),
    )
    return {
        entity.key: {
            "platform": entity.platform,
            "unique_id": f"{device}_{entity.key}",
            "default_entity_id": f"{entity.platform}.{_entity_id(entity, name)}",
            **entity.config,
        }
        for entity in entities
    }


def _speaking(topics: Topics) -> Iterator[_Entity]:
    """What people do with a voice."""
    yield _entity(
        "notify",
        "say",
        None,  # it goes by the device's name: this is who speaks
        icon="mdi:account-voice",
        command_topic=topics.say,
        command_template="{{ {'text': value} | to_json }}",
    )
    yield _entity(
        "binary_sensor",
        "speaking",
        "Speaking",
        device_class="running",
        state_topic=topics.state,
        value_template=_on("value == 'speaking'"),
    )
    yield _entity("button", "stop", "Stop", icon="mdi:stop", command_topic=topics.stop)
    yield _entity(
        "event",
        "job",
        "Job",
        icon="mdi:script-text-play-outline",
        state_topic=topics.job_events,
        event_types=list(get_args(JobState)),
    )


def _standing(topics: Topics, own: EntityTopics) -> Iterator[_Entity]:
    """How it is doing."""
    yield _entity(
        "sensor",
        "status",
        "Status",
        icon="mdi:speaker-message",
        device_class="enum",
        options=["idle", "loading", "speaking"],
        state_topic=topics.state,
    )
    yield _entity("sensor", "model", "Model", _DIAGNOSTIC, icon="mdi:brain", state_topic=topics.model)
    yield _entity(
        "sensor",
        "loaded_models",
        "Loaded models",
        _MEASURED,
        icon="mdi:memory",
        state_topic=topics.models,
        value_template="{{ value_json.models | selectattr('state', 'eq', 'resident') | list | count }}",
    )
    yield _entity(
        "sensor",
        "queue",
        "Queue",
        _MEASURED,
        icon="mdi:tray-full",
        state_topic=topics.queue,
        value_template=_value("waiting"),
    )
    yield _entity(
        "sensor",
        "first_audio",
        "First audio",
        _MEASURED,
        device_class="duration",
        unit_of_measurement="ms",
        suggested_display_precision=0,
        state_topic=topics.last_job,
        value_template=_value("first_audio_ms"),
    )
    yield _entity(
        "sensor",
        "real_time_factor",
        "Real-time factor",
        _MEASURED,
        icon="mdi:speedometer",
        suggested_display_precision=2,
        state_topic=topics.last_job,
        value_template=_value("real_time_factor"),
    )
    yield _entity(
        "sensor",
        "last_error",
        "Last error",
        _DIAGNOSTIC,
        icon="mdi:alert-circle-outline",
        state_topic=topics.last_error,
        value_template=_value(f"error[:{_LONGEST_STATE}]"),
        json_attributes_topic=topics.last_error,
    )
    yield _entity(
        "binary_sensor",
        "problem",
        "Problem",
        _DIAGNOSTIC,
        device_class="problem",
        state_topic=own.problem,
        value_template=_on("value_json.problems"),
        json_attributes_topic=own.problem,
    )


def _settings(shown: Shown, topics: Topics, own: EntityTopics) -> Iterator[_Entity]:
    """What people set, and what they do once in a while."""
    if shown.voices.options:
        voice = _select(shown.voices, own.voice, own.voice_set)
        yield _entity("select", "default_voice", "Default voice", _CONFIG, voice, icon="mdi:account-voice")
    if shown.models.options:
        model = _select(shown.models, own.model, own.model_set)
        yield _entity("select", "default_model", "Default model", _CONFIG, model, icon="mdi:brain")
    yield _entity(
        "number",
        "speed",
        "Speed",
        _CONFIG,
        icon="mdi:speedometer",
        state_topic=topics.speed,
        command_topic=topics.choose_speed,
        min=0.25,
        max=4,
        step=0.05,
        mode="slider",
    )
    yield _entity(
        "number",
        "keep_alive",
        "Unload when idle for",
        _CONFIG,
        icon="mdi:timer-sand",
        device_class="duration",
        unit_of_measurement="s",
        state_topic=topics.keep_alive,
        command_topic=topics.choose_keep_alive,
        min=-1,
        max=_LONGEST_STAY,
        step=1,
        mode="box",
    )
    yield _entity("button", "unload", "Unload models", _CONFIG, icon="mdi:memory", command_topic=topics.unload)
    yield _entity("button", "clear_cache", "Clear cache", _CONFIG, icon="mdi:broom", command_topic=topics.clear_cache)


def _gpu(gpu: ShownGpu, topics: Topics, *, is_only: bool) -> Iterator[_Entity]:
    """A GPU's readings, as far as its driver tells them."""
    key, name = f"gpu_{gpu.index}", "GPU" if is_only else f"GPU {gpu.index}"
    topic = topics.gpu(gpu.index)
    yield _entity(
        "sensor",
        f"{key}_memory",
        f"{name} memory used",
        _MEASURED,
        icon="mdi:memory",
        device_class="data_size",
        unit_of_measurement="MB",
        suggested_display_precision=0,
        state_topic=topic,
        value_template=f"{{{{ (value_json.memory_used / {_BYTES_OF_MB}) | round }}}}",
        json_attributes_topic=topic,
    )
    readings = (
        ("use", "utilisation", gpu.utilisation, {"icon": "mdi:gauge", "unit_of_measurement": "%"}),
        ("temperature", "temperature", gpu.temperature, {"device_class": "temperature", "unit_of_measurement": "°C"}),
        ("power", "power", gpu.power, {"device_class": "power", "unit_of_measurement": "W"}),
    )
    for label, field, is_told, unit in readings:
        if is_told:
            traits = {**_MEASURED, **_HIDDEN, **unit}
            value = _value(field)
            yield _entity(
                "sensor", f"{key}_{label}", f"{name} {label}", traits, state_topic=topic, value_template=value
            )


def _update(model: Downloadable, topics: Topics, own: EntityTopics) -> _Entity:
    """A model's files: fetched, and fetched anew when the list has another revision."""
    return _entity(
        "update",
        f"update_{model.key}",
        f"{model.name} files",
        _CONFIG,
        # What nobody has asked for would stand among the updates that wait.
        {} if model.is_installed else _HIDDEN,
        {"release_url": model.url} if model.url else {},
        icon="mdi:download",
        title=model.name,
        state_topic=own.update(model),
        command_topic=topics.download,
        payload_install=model.model,
    )


def _select(choices: Choices, state_topic: str, command_topic: str) -> _Traits:
    return {"options": list(choices.options), "state_topic": state_topic, "command_topic": command_topic}


def _entity(platform: str, key: str, name: str | None, *traits: _Traits, **config: Any) -> _Entity:
    known = {"name": name, **config}
    for trait in traits:
        known.update(trait)
    return _Entity(platform, key, known)


def _entity_id(entity: _Entity, device: str) -> str:
    """The id that Home Assistant would make of the names, which no translation or area changes when it is given."""
    name = entity.config["name"]
    return device if name is None else f"{device}_{slug(name) or entity.key}"


def _value(path: str) -> str:
    return f"{{{{ value_json.{path} }}}}"


def _on(condition: str) -> str:
    return f"{{{{ 'ON' if {condition} else 'OFF' }}}}"
