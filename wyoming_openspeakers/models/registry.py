"""Which models there are: models.yaml, under the user's own file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from ..config import SHIPPED_MODELS, Section, explain, read_yaml
from ..engines.base import Engine, ModelSpec, engine_class
from ..errors import ConfigError, UnknownModel

_VOICE_PARTS = ("language", "name", "quality")
_PATTERN_PARTS = ("voice", "family", *_VOICE_PARTS)


def _pattern(value: str) -> str:
    try:
        value.format_map(dict.fromkeys(_PATTERN_PARTS, ""))
    except (KeyError, ValueError, IndexError, AttributeError):
        raise ValueError(f"may hold only {', '.join(f'{{{part}}}' for part in _PATTERN_PARTS)}") from None
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


class HubFiles(Section):
    """Where a model's files come from."""

    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="Repository on the hub.")
    revision: str = Field(min_length=1, description="Commit or tag to fetch.")
    files: tuple[Pattern, ...] = Field(
        (), description="Patterns of the files to fetch. With {voice} in them, each voice is fetched by its name."
    )

    def patterns(self, voice: str = "") -> tuple[str, ...]:
        """The files of the model, or of one voice of it: `en_US-lessac-medium` fills {language}, {name}, {quality}."""
        if not any("{voice}" in pattern for pattern in self.files):
            return self.files
        parts = voice.split("-")
        if len(parts) != len(_VOICE_PARTS) or not all(parts):
            raise ValueError("name a voice, such as en_US-lessac-medium")
        language = parts[0]
        fields = dict(zip(_VOICE_PARTS, parts, strict=True), voice=voice, family=language.split("_")[0])
        return tuple(pattern.format_map(fields) for pattern in self.files)


class ModelEntry(Section):
    """One model."""

    engine: str = Field(description="The engine that runs it.")
    name: str = Field("", description="What a person reads.")
    description: str = ""
    licence: str = Field("", description="Licence of the weights.")
    url: str = Field("", description="Where the model comes from.")
    hub: HubFiles | None = None
    enabled: bool = True
    standby: bool = Field(False, description="Load at start and keep.")
    voice: str = Field("", description="Default voice.")
    languages: tuple[str, ...] = Field((), description="Languages to offer; all of the voices' when empty.")
    environment: str = Field("service", description="Environment to run in; models in one share a process.")
    device: str = "cpu"
    threads: int = Field(0, ge=0, description="Processor threads; 0 for the service's setting.")
    first_segment: int = Field(
        0, ge=0, description="Cut the first sentence at a clause after so many characters, to be heard sooner."
    )
    loudness: float | None = Field(
        None, ge=-70, le=0, description="How loud its voices are in LUFS, until each has been measured."
    )
    parameters: dict[str, Any] = Field({}, description="Defaults for the engine's own parameters.")


class RegistryFile(Section):
    """models.yaml."""

    models: dict[str, ModelEntry] = Field({}, description="Models by their ids.")
    aliases: dict[str, str] = Field({}, description="Other names of voices: {alloy: kokoro/af_alloy}.")


class Registry:
    """All enabled models and the aliases of voices."""

    def __init__(self, file: RegistryFile, folders: Sequence[Path], cache: Path, threads: int = 0) -> None:
        self.models: Mapping[str, ModelEntry] = {
            name: entry for name, entry in file.models.items() if entry.enabled
        }
        self.aliases: Mapping[str, str] = file.aliases
        self._folders = folders
        self._cache = cache
        self._threads = threads

    def entry(self, model: str) -> ModelEntry:
        """A model's entry."""
        try:
            return self.models[model]
        except KeyError:
            known = ", ".join(self.models) or "none"
            raise UnknownModel(f"There is no model {model!r}; models: {known}") from None

    def engine(self, model: str) -> type[Engine]:
        """The engine that runs a model."""
        return engine_class(self.entry(model).engine)

    def spec(self, model: str) -> ModelSpec:
        """A model as its engine sees it."""
        entry = self.entry(model)
        return ModelSpec(
            id=model,
            engine=entry.engine,
            paths=tuple(str(folder / model) for folder in self._folders),
            voice=entry.voice or None,
            languages=entry.languages,
            threads=entry.threads or self._threads,
            cache_path=str(self._cache / model),
            parameters=entry.parameters,
        )

    def folder(self, model: str) -> Path:
        """Where a model's files are downloaded to."""
        self.entry(model)
        return self._folders[0] / model


def load_registry_file(path: Path | None) -> RegistryFile:
    """The shipped models.yaml under the user's: an entry of the same name changes only the keys that it names."""
    tree = read_yaml(SHIPPED_MODELS)
    sources: list[tuple[str, dict[str, Any]]] = [(SHIPPED_MODELS.name, {})]
    if path is not None:
        sources.append((str(path), read_yaml(path)))
    for source, layer in sources:
        for section, entries in layer.items():
            below = tree.setdefault(section, {})
            if entries is None and isinstance(below, dict):
                # A heading whose lines are all commented out changes nothing.
                continue
            if not isinstance(entries, dict) or not isinstance(below, dict):
                tree[section] = entries
                continue
            for name, entry in entries.items():
                both = isinstance(entry, dict) and isinstance(below.get(name), dict)
                below[name] = {**below[name], **entry} if both else entry
        try:
            file = RegistryFile.model_validate(tree)
        except ValidationError as error:
            raise ConfigError(f"{source}: {explain(error, RegistryFile)}") from None
        for name, model in file.models.items():
            _check_engine(source, name, model)
    return file


def _check_engine(source: str, name: str, entry: ModelEntry) -> None:
    try:
        engine_class(entry.engine)
    except Exception as error:
        # Whatever a module of the user's own raises while it is imported.
        raise ConfigError(f"{source}: models.{name}.engine: there is no engine {entry.engine!r} ({error})") from None
