"""The configuration: one typed tree, the same for file, environment and flags."""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlparse

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from .errors import ConfigError

ENVIRONMENT_PREFIX = "OPENSPEAKERS__"
_SHIPPED = Path(__file__).parent / "shipped"

_LOWEST_RATE, _HIGHEST_RATE = 8000, 192_000
_LONGEST_SHOWN = 80

SHIPPED_CONFIG = _SHIPPED / "config.yaml"
SHIPPED_MODELS = _SHIPPED / "models.yaml"


def _uri(value: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlparse(value)
        has_port = parts.port is not None
        if (parts.scheme == "tcp" and parts.hostname and has_port) or (parts.scheme == "unix" and parts.path):
            return value
    raise ValueError("must look like tcp://0.0.0.0:10200, tcp://[::]:10200 or unix:///run/openspeakers.sock")


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if value and not (host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError("must look like 127.0.0.1:8080, or be empty to turn HTTP off")
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be an address or a network such as 192.168.1.0/24") from None
    return value


def _rate(value: int) -> int:
    if value and not _LOWEST_RATE <= value <= _HIGHEST_RATE:
        raise ValueError(f"must be from {_LOWEST_RATE} to {_HIGHEST_RATE}, or 0 for the voice's own")
    return value


Uri = Annotated[str, AfterValidator(_uri)]
HostPort = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Rate = Annotated[int, AfterValidator(_rate)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Silence = Annotated[float, Field(ge=0, le=10)]


class Section(BaseModel):
    """A part of the tree."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WyomingConfig(Section):
    """The Wyoming server, which Home Assistant and satellites talk to."""

    uris: tuple[Uri, ...] = Field(
        ("tcp://0.0.0.0:10200",), min_length=1, description="Where to listen: tcp://HOST:PORT or unix:///PATH."
    )
    allow: tuple[Network, ...] = Field(
        (), description="Addresses and networks that may connect; empty for everyone who can reach the port."
    )
    max_connections: int = Field(200, ge=1, description="Connections at a time; one more is refused with an error.")
    zeroconf: bool = Field(True, description="Let Home Assistant discover the service on the local network.")
    name: str = Field("", description="Name to be discovered by; empty for the host's name and a short id.")
    program: str = Field("openspeakers", min_length=1, description="Name of the service in Home Assistant.")


class HttpConfig(Section):
    """The side server."""

    address: HostPort = Field("127.0.0.1:8080", description="HOST:PORT to listen on; empty to turn HTTP off.")


class VoiceConfig(Section):
    """How to speak when the client does not say."""

    default: str = Field("", description="Default voice, such as kokoro/af_heart; empty for the default model's own.")
    speed: float = Field(1.0, ge=0.25, le=4.0, description="Speed of speech; 1 is the voice's own.")
    languages: tuple[str, ...] = Field(
        (), description="Languages that may be detected in text; empty for those of all installed voices."
    )
    by_language: dict[str, str] = Field(
        {}, description="Voice for a detected or requested language, such as {de: piper/de_DE-thorsten-medium}."
    )


class TextConfig(Section):
    """What happens to text before an engine speaks it."""

    markup: bool = Field(True, description="Read Markdown and HTML as text: no asterisks, no code, tables row by row.")
    urls: bool = Field(True, description="Read web addresses short.")
    emoji: bool = Field(True, description="Leave emoji out.")
    numbers: bool = Field(True, description="Speak numbers, units, times, dates, money and abbreviations as words.")
    detect_language: bool = Field(True, description="Choose a voice by the text's language when no voice is named.")
    pronounce: dict[str, dict[str, str]] = Field(
        {}, description='Respellings by language, "*" for all: {en: {Nguyen: Win}, "*": {HA: Home Assistant}}.'
    )
    pronounce_file: str = Field("", description="A file of more respellings, in the same shape.")
    max_characters: int = Field(200_000, ge=1, description="Longest text of one request.")
    max_segment: int = Field(300, ge=40, le=2000, description="Longest piece of text for an engine at once.")
    flush_after: Seconds = Field(
        0.7, description="Speak what has come when a text stream pauses for so many seconds inside a sentence."
    )


class AudioConfig(Section):
    """What happens to audio before a client gets it."""

    output_rate: Rate = Field(
        0, description="Sample rate of all audio in hertz, so that players need not convert; 0 for the voice's own."
    )
    lead_silence: Silence = Field(0.0, description="Silence before speech, for players that clip the start.")
    tail_silence: Silence = Field(0.0, description="Silence after speech, for players that clip the end.")
    sentence_pause: Silence = Field(0.2, description="Silence between sentences.")
    fill_gaps: Silence = Field(
        2.0, description="Send a little silence when a text stream pauses for so long, or players give up; 0: never."
    )
    trim: bool = Field(True, description="Cut the silence that some engines put around a sentence.")
    loudness: float | None = Field(
        -20.0, ge=-40, le=-10, description="Loudness of every voice in LUFS (ITU-R BS.1770); null to leave it alone."
    )


class CacheConfig(Section):
    """The phrase cache: what was said before is said again at once."""

    enabled: bool = Field(True, description="Keep spoken sentences on disk.")
    max_megabytes: int = Field(256, ge=0, description="Most space it may take; the least used sentences go first.")


class ModelsConfig(Section):
    """Engines and their files."""

    paths: tuple[str, ...] = Field((), description="More folders with model files, one sub-folder per model.")
    threads: int = Field(0, ge=0, le=256, description="Processor threads per engine; 0 for a sensible number.")
    preload: tuple[str, ...] = Field(
        (), description="Models to load at start, besides those on standby and the default voice's."
    )


class LimitsConfig(Section):
    """Bounds on waiting, so that nobody hangs."""

    queue: int = Field(100, ge=1, description="Sentences that may wait for one model; one more is answered `busy`.")
    queue_wait: Seconds = Field(30.0, description="Longest wait for a turn, in seconds.")
    model_load: Seconds = Field(120.0, description="Longest wait for a model to load.")
    first_audio: Seconds = Field(30.0, description="Longest wait for a sentence's first audio.")
    audio_gap: Seconds = Field(15.0, description="Longest wait for the next audio inside a sentence.")
    text_gap: Seconds = Field(300.0, description="Longest wait for the next piece of a text stream.")
    cancel: Seconds = Field(2.0, description="How long an engine may take to stop before its process is ended.")
    drain: Seconds = Field(5.0, description="How long requests in flight may take to finish when the service stops.")


LogLevel = Literal["debug", "info", "warning", "error"]


class Config(Section):
    """Everything that can be set."""

    data_dir: str = Field("", description="Folder for models, cache and state; empty for the platform's usual place.")
    log_level: LogLevel = Field("info", description="debug, info, warning or error; text is logged at debug only.")
    wyoming: WyomingConfig = WyomingConfig()
    http: HttpConfig = HttpConfig()
    voice: VoiceConfig = VoiceConfig()
    text: TextConfig = TextConfig()
    audio: AudioConfig = AudioConfig()
    cache: CacheConfig = CacheConfig()
    models: ModelsConfig = ModelsConfig()
    limits: LimitsConfig = LimitsConfig()

    @property
    def data_path(self) -> Path:
        """The data folder; by the platform's conventions unless it is set."""
        if self.data_dir:
            return Path(self.data_dir).expanduser()
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return Path(base).expanduser() / "wyoming-openspeakers"


Tree = dict[str, Any]


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
    entries = []
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT_PREFIX):
            keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            entries.append((name, keys, _value(environment[name], keys)))
    return entries


def _value(text: str, keys: Sequence[str]) -> Any:
    """What a variable says: text where the key holds text, else YAML."""
    field = _field_at(keys)
    if field is not None and field.annotation is str:
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
        section = _section(field.annotation) if field else None
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


def explain(error: ValidationError, root: type[BaseModel]) -> str:
    """The first thing wrong, in one line: the key, what is wrong and what is allowed."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    key = ".".join(location)
    given = repr(first["input"])
    if len(given) > _LONGEST_SHOWN:
        given = f"{given[:_LONGEST_SHOWN]}..."
    match first["type"]:
        case "extra_forbidden":
            known = _keys_at(root, location[:-1])
            close = difflib.get_close_matches(location[-1], known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
            return f"unknown key {key}; {hint}"
        case "missing":
            return f"{key} is missing"
        case "value_error":
            return f"{key}: {first['ctx']['error']}, not {given}"
        case "model_type" | "dict_type":
            return f"{key}: must hold keys and values, not {given}"
        case "tuple_type":
            return f"{key}: must be a list, such as [a, b], not {given}"
        case _ if location[-1] == "[key]":
            return f"{'.'.join(location[:-2])}: the key {given} is not text; put it in quotes"
        case _:
            message = first["msg"].removeprefix("Input ")
            return f"{key}: {message}, not {given}"


def _keys_at(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """The fields at a place in the tree, through sections, lists and mappings of sections."""
    for name in location:
        field = model.model_fields.get(name)
        inner = _section(field.annotation) if field else model
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


def keys(section: type[BaseModel] = Config, prefix: str = "") -> list[tuple[str, FieldInfo]]:
    """Every key of the tree with its field, for documentation."""
    found = []
    for name, field in section.model_fields.items():
        inner = _section(field.annotation)
        found += keys(inner, f"{prefix}{name}.") if inner else [(f"{prefix}{name}", field)]
    return found


def default_of(field: FieldInfo) -> str:
    """A field's default as YAML."""
    default = list(field.default) if isinstance(field.default, tuple) else field.default
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
    """The settings as a Markdown table, for README."""
    rows = ["| Key | Default | Meaning |", "|---|---|---|"]
    rows += [
        f"| `{key}` | `{default_of(field)}` | {(field.description or '').replace('|', chr(92) + '|')} |"
        for key, field in keys()
    ]
    return "\n".join(rows) + "\n"
