"""The entities of the device, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from ...events import Gpu, JobState
from .choices import Choices
from .shown import Downloadable, EntityTopics, Shown
from .topics import Topics

_DIAGNOSTIC, _CONFIG = {"entity_category": "diagnostic"}, {"entity_category": "config"}
_MEASURED = {"state_class": "measurement"}
_HIDDEN = {"enabled_by_default": False}
"""Those who want it turn it on; others are spared an entity that changes all the time."""

_LONGEST_STATE = 255
"""Characters of a state in Home Assistant."""

NOT_FOR_GOOD = 86400
"""Longest time in seconds that a model can be told to stay here; -1 is for good."""


def components(shown: Shown, topics: Topics, own: EntityTopics, device: str, slug: str) -> dict[str, dict[str, Any]]:
    """Every entity by its key, as a discovery message has them; ids never change, so that settings of people last."""
    found: dict[str, dict[str, Any]] = {}
    for key, platform, config in (
        *_speaking(topics),
        *_standing(topics, own),
        *_settings(shown, topics, own),
        *_gpus(shown.gpus, topics),
        *_updates(shown.downloadable, topics, own),
    ):
        ids = {"unique_id": f"{device}_{key}", "default_entity_id": f"{platform}.{slug}_{key}"}
        found[key] = {"platform": platform, **ids, **config}
    return found


_Entity = tuple[str, str, dict[str, Any]]


def _speaking(topics: Topics) -> Iterator[_Entity]:
    """What people do with a voice."""
    # Without a name of its own it goes by the device's: `notify.openspeakers` is who speaks.
    say = {"name": None, "icon": "mdi:account-voice", "command_topic": topics.say}
    yield "say", "notify", {**say, "command_template": "{{ {'text': value} | to_json }}"}
    speaking = {"name": "Speaking", "device_class": "running", "state_topic": topics.state}
    yield "speaking", "binary_sensor", {**speaking, "value_template": _on("value == 'speaking'")}
    yield "stop", "button", _button("Stop", "mdi:stop", topics.stop)
    yield "unload", "button", {**_button("Unload models", "mdi:memory", topics.unload), **_CONFIG}
    yield "clear_cache", "button", {**_button("Clear phrase cache", "mdi:broom", topics.clear_cache), **_CONFIG}
    jobs = {"name": "Job", "icon": "mdi:script-text-play-outline", "state_topic": topics.job_events}
    yield "job", "event", {**jobs, "event_types": list(get_args(JobState))}


def _standing(topics: Topics, own: EntityTopics) -> Iterator[_Entity]:
    """How it is doing."""
    state = {"name": "Status", "icon": "mdi:speaker-message", "state_topic": topics.state, "device_class": "enum"}
    yield "status", "sensor", {**state, "options": ["idle", "loading", "speaking"]}
    queue = {"name": "Queue", "icon": "mdi:tray-full", "state_topic": topics.queue, **_MEASURED, **_DIAGNOSTIC}
    yield "queue", "sensor", {**queue, "value_template": "{{ value_json.waiting }}"}
    model = {"name": "Default model", "icon": "mdi:head-dots-horizontal-outline", "state_topic": topics.model}
    yield "model", "sensor", {**model, **_DIAGNOSTIC}
    loaded = {"name": "Loaded models", "icon": "mdi:memory", "state_topic": topics.models, **_MEASURED, **_DIAGNOSTIC}
    yield (
        "loaded_models",
        "sensor",
        {
            **loaded,
            "value_template": "{{ value_json.models | selectattr('state', 'eq', 'resident') | list | count }}",
            "json_attributes_topic": topics.models,
        },
    )
    last = {"state_topic": topics.last_job, **_MEASURED, **_DIAGNOSTIC}
    yield (
        "first_audio",
        "sensor",
        {
            "name": "First audio",
            "device_class": "duration",
            "unit_of_measurement": "ms",
            "suggested_display_precision": 0,
            "value_template": "{{ value_json.first_audio_ms }}",
            **last,
        },
    )
    yield (
        "real_time_factor",
        "sensor",
        {
            "name": "Real-time factor",
            "icon": "mdi:speedometer",
            "suggested_display_precision": 2,
            "value_template": "{{ value_json.real_time_factor }}",
            **last,
        },
    )
    error = {"name": "Last error", "icon": "mdi:alert-circle-outline", "state_topic": topics.last_error, **_DIAGNOSTIC}
    yield (
        "last_error",
        "sensor",
        {
            **error,
            "value_template": f"{{{{ value_json.error[:{_LONGEST_STATE}] }}}}",
            "json_attributes_topic": topics.last_error,
        },
    )
    problem = {"name": "Problem", "device_class": "problem", "state_topic": own.problem, **_DIAGNOSTIC}
    yield (
        "problem",
        "binary_sensor",
        {**problem, "value_template": _on("value_json.problems"), "json_attributes_topic": own.problem},
    )


def _settings(shown: Shown, topics: Topics, own: EntityTopics) -> Iterator[_Entity]:
    """What can be set."""
    if shown.voices.options:
        yield "voice", "select", _select("Voice", "mdi:account-voice", shown.voices, own.voice, own.voice_set)
    if shown.models.options:
        yield "choose_model", "select", _select("Model", "mdi:brain", shown.models, own.model, own.model_set)
    speed = {"name": "Speed", "icon": "mdi:speedometer", "state_topic": topics.speed, **_CONFIG}
    yield (
        "speed",
        "number",
        {**speed, "command_topic": topics.choose_speed, "min": 0.25, "max": 4, "step": 0.05, "mode": "slider"},
    )
    stay = {"name": "Unload when idle for", "icon": "mdi:timer-sand", "state_topic": topics.keep_alive, **_CONFIG}
    yield (
        "keep_alive",
        "number",
        {
            **stay,
            "command_topic": topics.choose_keep_alive,
            "device_class": "duration",
            "unit_of_measurement": "s",
            "min": -1,
            "max": NOT_FOR_GOOD,
            "step": 1,
            "mode": "box",
        },
    )


def _gpus(gpus: tuple[Gpu, ...], topics: Topics) -> Iterator[_Entity]:
    """The readings of each GPU, as far as its driver tells them."""
    for gpu in gpus:
        at = f"gpu_{gpu.index}"
        name = "GPU" if len(gpus) == 1 else f"GPU {gpu.index}"
        from_gpu = {"state_topic": topics.gpu(gpu.index), **_MEASURED, **_DIAGNOSTIC}
        yield (
            f"{at}_memory",
            "sensor",
            {
                "name": f"{name} memory used",
                "icon": "mdi:memory",
                "device_class": "data_size",
                "unit_of_measurement": "MB",
                "suggested_display_precision": 0,
                "value_template": "{{ (value_json.memory_used / 1000000) | round }}",
                "json_attributes_topic": topics.gpu(gpu.index),
                **from_gpu,
            },
        )
        if gpu.utilisation is not None:
            use = {"name": f"{name} use", "icon": "mdi:gauge", "unit_of_measurement": "%"}
            yield f"{at}_use", "sensor", {**use, "value_template": "{{ value_json.utilisation }}", **from_gpu, **_HIDDEN}
        if gpu.temperature is not None:
            warmth = {"name": f"{name} temperature", "device_class": "temperature", "unit_of_measurement": "°C"}
            value = {"value_template": "{{ value_json.temperature }}"}
            yield f"{at}_temperature", "sensor", {**warmth, **value, **from_gpu, **_HIDDEN}
        if gpu.power is not None:
            power = {"name": f"{name} power", "device_class": "power", "unit_of_measurement": "W"}
            value = {"value_template": "{{ value_json.power }}"}
            yield f"{at}_power", "sensor", {**power, **value, **from_gpu, **_HIDDEN}


def _updates(downloadable: tuple[Downloadable, ...], topics: Topics, own: EntityTopics) -> Iterator[_Entity]:
    """The files of each model: fetched, and fetched anew when the list has another revision."""
    for model in downloadable:
        config = {
            "name": f"{model.name} files",
            "title": model.name,
            "state_topic": own.update(model),
            "command_topic": topics.download,
            "payload_install": model.model,
            **_CONFIG,
        }
        if model.url:
            config["release_url"] = model.url
        # What nobody has asked for would stand among the updates that wait.
        yield f"update_{model.key}", "update", {**config, **({} if model.is_installed else _HIDDEN)}


def _select(name: str, icon: str, choices: Choices, state_topic: str, command_topic: str) -> dict[str, Any]:
    topics = {"state_topic": state_topic, "command_topic": command_topic}
    return {"name": name, "icon": icon, **topics, "options": list(choices.options), **_CONFIG}


def _button(name: str, icon: str, topic: str) -> dict[str, Any]:
    return {"name": name, "icon": icon, "command_topic": topic}


def _on(condition: str) -> str:
    return f"{{{{ 'ON' if {condition} else 'OFF' }}}}"
