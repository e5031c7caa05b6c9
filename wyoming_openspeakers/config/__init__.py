"""The configuration: one typed tree, the same for file, environment and flags."""

from .document import default_of, keys, render_config, render_table
from .explain import explain
from .load import ENVIRONMENT_PREFIX, KNOWN_VARIABLES, SHIPPED_CONFIG, SHIPPED_MODELS, load_config, read_yaml
from .tree import (
    AudioConfig,
    CacheConfig,
    Config,
    HistoryConfig,
    HttpConfig,
    HubConfig,
    JobsConfig,
    LimitsConfig,
    ModelsConfig,
    MqttConfig,
    PresetConfig,
    Section,
    TextConfig,
    VoiceConfig,
    WyomingConfig,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "KNOWN_VARIABLES",
    "SHIPPED_CONFIG",
    "SHIPPED_MODELS",
    "AudioConfig",
    "CacheConfig",
    "Config",
    "HistoryConfig",
    "HttpConfig",
    "HubConfig",
    "JobsConfig",
    "LimitsConfig",
    "ModelsConfig",
    "MqttConfig",
    "PresetConfig",
    "Section",
    "TextConfig",
    "VoiceConfig",
    "WyomingConfig",
    "default_of",
    "explain",
    "keys",
    "load_config",
    "read_yaml",
    "render_config",
    "render_table",
]
