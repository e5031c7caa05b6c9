"""Which models there are: models.yaml, under the user's own file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from ..config import SHIPPED_MODELS, Section, explain, read_yaml
from ..config.values import Device, KeepAlive, Size
from ..engines.base import Engine, ModelSpec, engine_class
from ..engines.capabilities import Capabilities
from ..engines.packages import is_importable
from ..engines.torch.folder import ModelFolder
from ..errors import ConfigError, ModelUnavailable, UnknownModel
from .environments.environments import Environments
from .hub.cache import hub_snapshot
from .hub.engine import GENERIC, engine_for
from .hub.installed import is_settled
from .parameter_schema import wrong_default

SERVICE = "service"
"""The service's own environment."""

_VOICE_PARTS = ("language", "name", "quality")
_PATTERN_PARTS = ("voice", "family", *_VOICE_PARTS)


def _pattern(value: str) -> str:
    try:
        value.format_map(dict.fromkeys(_PATTERN_PARTS, ""))
    except (KeyError, ValueError, IndexError, AttributeError):
        raise ValueError(f"may hold only {', '.join(f'{{{part}}}' for part in _PATTERN_PARTS)}") from None
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


def _list(value: object) -> object:
    if not isinstance(value, (str, list, tuple)):
        raise ValueError("should be the name of a voice, or a list of names")
    return (value,) if isinstance(value, str) else value


VoiceNames = Annotated[tuple[str, ...], BeforeValidator(_list)]
"""One, or several of which the first that is there is meant."""


class HubFiles(Section):
    """Where a model's files come from."""

    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="Repository on the hub.")
    revision: str = Field(min_length=1, description="Commit or tag to fetch.")
    files: tuple[Pattern, ...] = Field(
        (), description="Patterns of the files to fetch. With {voice} in them, each voice is fetched by its name."
    )
    parts: dict[Annotated[str, Field(pattern=r"^[\w-][\w.-]*$")], HubFiles] = Field(
        {}, description="What it needs of other repositories, by the folder below its own that this belongs to."
    )

    @property
    def is_by_voice(self) -> bool:
        """Whether each voice is fetched by itself."""
        return any("{voice}" in pattern for pattern in self.files)

    def patterns(self, voice: str = "") -> tuple[str, ...]:
        """The files of the model, or of one voice of it: `en_US-lessac-medium` fills {language}, {name}, {quality}."""
        if not self.is_by_voice:
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
    gated: bool | None = Field(None, description="Whether its files want an account and consent; null if unknown.")
    standby: bool = Field(False, description="Load at start and keep.")
    voice: str = Field("", description="Default voice.")
    languages: tuple[str, ...] = Field((), description="Languages to offer; all of the voices' when empty.")
    aliases: tuple[str, ...] = Field((), description="Other names that clients may call it by: tts-1.")
    size: Size = Field(0, description="Bytes that are to be fetched, where that is known.")
    sample_rate: int | None = Field(None, gt=0, description="Hertz of its audio, where all its voices have the same.")
    environment: str = Field(
        SERVICE, pattern=r"^[\w.-]+$", description="Environment to run in; models in one share a process."
    )
    device: Device | None = Field(None, description="auto, cpu, mps, cuda or cuda:1; the service's setting when empty.")
    vram: Size = Field(0, description="GPU memory that it takes, until that was measured.")
    ram: Size = Field(0, description="Host memory that it takes on the processor, until that was measured.")
    keep_alive: KeepAlive | None = Field(None, description="How long it stays after its last use; as in config.yaml.")
    trust_remote_code: bool = Field(False, description="Let the model run code that comes with its files.")
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
    aliases: dict[str, VoiceNames] = Field(
        {},
        description="Other names of voices: {alloy: kokoro/af_alloy}. Of a list the first that is there speaks; "
        "`default` is the default voice.",
    )
    on_demand: ModelEntry = Field(
        ModelEntry(engine="transformers", environment="torch"),
        description="How models run that are in no list and are asked for by their name on the hub.",
    )


class Registry:
    """All enabled models, the aliases of voices, and models of the hub that were asked for by name."""

    def __init__(
        self,
        file: RegistryFile,
        folders: Sequence[Path],
        cache: Path,
        threads: int = 0,
        environments: Environments | None = None,
    ) -> None:
        self._file = file
        self._folders = folders
        self._cache = cache
        self._threads = threads
        self._environments = environments or Environments(cache.parent / "environments")
        self._listed = {name: entry for name, entry in file.models.items() if entry.enabled}
        self._on_demand: dict[str, ModelEntry] = {}
        self._by_alias = {alias: name for name, entry in self._listed.items() for alias in entry.aliases}
        self.aliases: Mapping[str, tuple[str, ...]] = {name.lower(): voices for name, voices in file.aliases.items()}
        self.model_aliases = frozenset(alias for entry in file.models.values() for alias in entry.aliases)
        """Other names of models, also of those that are not enabled."""

    @property
    def models(self) -> Mapping[str, ModelEntry]:
        """The models by their ids, those of the list first."""
        return {**self._listed, **self._on_demand} if self._on_demand else self._listed

    def entry(self, model: str) -> ModelEntry:
        """A model's entry."""
        found = self._listed.get(model) or self._on_demand.get(model)
        if found is None:
            known = ", ".join(self.models) or "none"
            raise UnknownModel(f"There is no model {model!r}; models: {known}")
        return found

    def resolve(self, name: str) -> str | None:
        """The id of a model that goes by this name: its own or an alias."""
        return name if name in self._listed or name in self._on_demand else self._by_alias.get(name)

    def add_on_demand(self, repo: str, revision: str) -> str:
        """Have a model of the hub that is in no list; its id is the repository's name."""
        entry, kind = self._file.on_demand, ModelFolder(self._folders[0] / folder_name(repo)).kind
        changes = {"hub": HubFiles(repo=repo, revision=revision), "name": repo.partition("/")[2]}
        if entry.engine == GENERIC and (engine := engine_for(kind)):
            changes["engine"] = engine
        self._on_demand[repo] = entry.model_copy(update=changes)
        return repo

    def forget(self, repo: str) -> None:
        """Have a model of the hub no more, because its files are gone; those of the list stay."""
        self._on_demand.pop(repo, None)

    def engine(self, model: str) -> type[Engine]:
        """The engine that runs a model."""
        return engine_class(self.entry(model).engine)

    def capabilities(self, model: str) -> Capabilities:
        """What a model can do."""
        return self.engine(model).capabilities_of(self.spec(model))

    def environment(self, model: str) -> str:
        """Where a model runs: its own environment where that was installed, or the service's if it has all it needs."""
        entry = self.entry(model)
        if entry.environment == SERVICE or self._environments.python(entry.environment):
            return entry.environment
        packages = self.engine(model).packages_of(self._spec(model, SERVICE))
        return SERVICE if packages and all(map(is_importable, packages)) else entry.environment

    def python(self, model: str) -> str:
        """The interpreter that runs a model."""
        environment = self.environment(model)
        if environment == SERVICE:
            return sys.executable
        if python := self._environments.python(environment):
            return str(python)
        raise ModelUnavailable(f"Model {model}: {self._environments.problem(environment)}")

    def problem(self, model: str) -> str | None:
        """Why a model cannot be used on this machine and what to do about it, or None. Cheap, loads nothing."""
        environment = self.environment(model)
        return self._problem(self._spec(model, environment), environment)

    def usable(self, model: str) -> ModelSpec | None:
        """A model as its engine sees it; None while it cannot be used."""
        environment = self.environment(model)
        spec = self._spec(model, environment)
        return None if self._problem(spec, environment) else spec

    def spec(self, model: str) -> ModelSpec:
        """A model as its engine sees it."""
        return self._spec(model, self.environment(model))

    def _problem(self, spec: ModelSpec, environment: str) -> str | None:
        if environment != SERVICE and (problem := self._environments.problem(environment)):
            return problem
        engine = engine_class(spec.engine)
        return engine.problem(spec) or wrong_default(engine.capabilities_of(spec).parameters, spec.parameters)

    def _spec(self, model: str, environment: str) -> ModelSpec:
        entry, packages = self.entry(model), self._environments.packages_path(environment)
        return ModelSpec(
            id=model,
            engine=entry.engine,
            paths=tuple(map(str, self.places(model))),
            voice=entry.voice or None,
            languages=entry.languages,
            threads=entry.threads or self._threads,
            cache_path=str(self._cache / folder_name(model)),
            packages_path=str(packages) if packages else None,
            trust_remote_code=entry.trust_remote_code,
            parameters=entry.parameters,
        )

    def folder(self, model: str) -> Path:
        """Where a model's files are downloaded to."""
        self.entry(model)
        return self._folders[0] / folder_name(model)

    def places(self, model: str) -> Iterator[Path]:
        """The folders that a model's files may be in, the first to be looked in first."""
        entry, downloads = self.entry(model), self.folder(model)
        if is_settled(downloads):
            yield downloads
        yield from (folder / folder_name(model) for folder in self._folders[1:])
        for hub in (entry.hub, *entry.hub.parts.values()) if entry.hub else ():
            if snapshot := hub_snapshot(hub.repo, hub.revision):
                yield snapshot


def folder_name(model: str) -> str:
    """The name of a model's folder: a repository's name has a slash."""
    return model.replace("/", "--")


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
