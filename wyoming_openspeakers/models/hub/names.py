"""What a name means: the files of a model, or of one voice of it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ...errors import InvalidRequest, ModelUnavailable, SpeechError
from ..registry import HubFiles, Registry, folder_name
from .installed import HubModel, Record, read_records
from .lookup import parse_name


def files_of(registry: Registry, name: str) -> tuple[str, HubModel]:
    """The model that a name such as kokoro, piper/de_DE-thorsten-medium or owner/name means, and what to fetch."""
    model, voice = split(registry, name)
    hub = _hub(registry, model)
    if model == hub.repo:
        for record in reversed(read_records(registry.folder(model))):
            if record.repo == hub.repo and hub.revision in (record.revision, record.commit):
                return model, HubModel(record.repo, record.commit, record.patterns)
    try:
        patterns = hub.patterns(voice)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None
    return model, HubModel(hub.repo, hub.revision, patterns, _parts(hub))


def records_of(registry: Registry, name: str) -> tuple[str, list[Record]]:
    """The model that a name means, and its downloads: those of all its voices when none is named."""
    model, voice = split(registry, name)
    hub = _hub(registry, model)
    records = read_records(registry.folder(model))
    if voice or not hub.is_by_voice:
        wanted = files_of(registry, name)[1]
        records = [record for record in records if record.is_of(wanted)]
    return model, records


def name_of(registry: Registry, model: str, record: Record) -> str:
    """What a download of a model goes by: the model's name, with the voice where each is fetched by itself."""
    hub = _hub(registry, model)
    if hub.is_by_voice:
        for file in record.files:
            voice = PurePosixPath(file.path).name.split(".")[0]
            if voice.count("-") == 2 and hub.patterns(voice) == record.patterns:
                return f"{model}/{voice}"
    return model


def is_listed(registry: Registry, name: str) -> bool:
    """Whether a name means a model that is known, or a voice of one; all else may be a model of the hub."""
    return bool(registry.resolve(name) or registry.resolve(name.partition("/")[0]))


def removable(registry: Registry, models: Path, name: str) -> tuple[Path, HubModel | None]:
    """The folder of a model or voice and what to remove in it, None for all that was downloaded there."""
    try:
        model, files = files_of(registry, name)
    except SpeechError:
        # A model of the hub whose download was cut off is not known as one.
        folder = models / folder_name(name)
        if parse_name(name) != (name, "") or not folder.is_dir():
            raise
        return folder, None
    return registry.folder(model), files


def split(registry: Registry, name: str) -> tuple[str, str]:
    """A model's id and what follows it; the id of a model of the hub has a slash of its own."""
    if model := registry.resolve(name):
        return model, ""
    first, _, voice = name.partition("/")
    model = registry.resolve(first) or first
    registry.entry(model)
    return model, voice


def _parts(hub: HubFiles) -> tuple[tuple[str, HubModel], ...]:
    return tuple(
        (name, HubModel(part.repo, part.revision, part.files, _parts(part))) for name, part in hub.parts.items()
    )


def _hub(registry: Registry, model: str) -> HubFiles:
    hub = registry.entry(model).hub
    if hub is None:
        raise ModelUnavailable(f"Model {model} has no files on the hub; there is nothing to download or remove")
    return hub
