"""`models`: list, download, verify and remove models."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ModelUnavailable
from ..models.hub.fetch import download
from ..models.hub.installed import HubModel, remove, size_of_parts, size_on_disk, verify
from ..models.hub.lookup import look_up, parse_name
from ..models.hub.names import files_of, is_listed, name_of, records_of, removable
from ..models.hub.on_demand import add_fetched, check_allowed
from ..models.hub.progress import DownloadProgress, as_bytes, shown_progress
from ..models.hub.trending import HubListing, trending
from ..models.licences import terms
from ..models.readiness import problem_and_fix
from ..models.registry import Registry, folder_name
from ..service import Service
from .options import add_common, service_from

_NAMES = "model, such as kokoro, or voice of one, such as piper/de_DE-thorsten-medium"


def add_to(commands: Any) -> None:
    """Add the command."""
    text = "list, download, verify and remove models"
    parser = commands.add_parser("models", help=text, description=__doc__)
    actions = parser.add_subparsers(metavar="ACTION")
    parser.set_defaults(run=_list)
    add_common(parser)
    for name, action, text, count, names in (
        ("list", _list, "list the models, what they take on disk and whether they can be used (the default)", "", ""),
        ("download", _download, "fetch a model's files; goes on where it was interrupted", "+",
         f"{_NAMES}, or any of the hub, such as facebook/mms-tts-deu or facebook/mms-tts-deu@main"),
        ("verify", _verify, "look for damaged files", "*", f"{_NAMES}; all that were downloaded when none is named"),
        ("remove", _remove, "delete a model's files", "+", _NAMES),
        ("trending", _trending, "list the text-to-speech models that people of the hub look at now", "", ""),
    ):  # fmt: skip
        sub = actions.add_parser(name, help=text, description=text)
        if count:
            sub.add_argument("names", nargs=count, metavar="MODEL", help=names)
        if action is _trending:
            sub.add_argument("--count", type=int, default=20, metavar="N", help="how many, up to 100 (default 20)")
        add_common(sub, below=True)
        sub.set_defaults(run=action)


def _list(options: argparse.Namespace) -> int:
    registry = _service(options).registry
    rows = [_row(registry, model) for model in registry.models]
    descriptions = (entry.description for entry in registry.models.values())
    for line, description in zip(_aligned(rows), descriptions, strict=True):
        print(line)
        if description:
            print(f"{'':<12} {description}")
    return 0


def _row(registry: Registry, model: str) -> tuple[str, ...]:
    entry = registry.entry(model)
    folder = registry.folder(model)
    problem = problem_and_fix(registry, model)
    count = 0 if problem else len(registry.engine(model).voices(registry.spec(model)))
    state = problem or f"{count} voice{'' if count == 1 else 's'}"
    if parts := size_of_parts(folder):
        state += f"; {as_bytes(parts)} of a download that was cut off are here"
    # Files that somebody has put elsewhere by hand count, too.
    size = size_on_disk(folder) or sum(map(size_on_disk, registry.places(model)))
    disk = as_bytes(size) if size else f"({as_bytes(entry.size)})" if entry.size else "-"
    licence = terms(entry.licence, gated=entry.gated)
    return model, entry.name, licence, registry.environment(model), disk, state


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows as lines, all but the last column as wide as its widest field."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(field.ljust(width) for field, width in zip(row, widths, strict=True)).rstrip()


def _download(options: argparse.Namespace) -> int:
    service = _service(options)
    token = service.config.hub.token.get_secret_value()
    for given in options.names:
        name, folder, files = _wanted(service, given, token)
        try:
            fetched = _fetch(name, folder, files, token)
        except KeyboardInterrupt:
            print(f"\nStopped; what has come of {name} is kept, and the same command goes on.", file=sys.stderr)
            return 130
        print(f"{name} {'is ready' if fetched else 'is there already'}, in {folder}")
    return 0


def _fetch(name: str, folder: Path, files: HubModel, token: str) -> bool:
    """Download; whether there was something to do."""
    fetched = False
    with shown_progress(name) as show:

        def tell(progress: DownloadProgress) -> None:
            nonlocal fetched
            fetched = True
            show(progress)

        download(folder, files, token, tell)
    return fetched


def _wanted(service: Service, name: str, token: str) -> tuple[str, Path, HubModel]:
    """What to call a model that a name means, where it belongs, and what to fetch of it."""
    registry = service.registry
    parsed = None if is_listed(registry, name) else parse_name(name)
    if parsed is None or (not parsed[1] and registry.resolve(parsed[0])):
        model, files = files_of(registry, name)
        return name, registry.folder(model), files
    check_allowed(service.config, name)
    repo, revision = parsed
    offer = look_up(repo, revision, token)
    print(f"{repo} is a model of the type {offer.model_type}, {as_bytes(offer.size)}", file=sys.stderr)
    return repo, service.config.models_path / folder_name(repo), offer.files


def _verify(options: argparse.Namespace) -> int:
    registry = _service(options).registry
    damaged = False
    for given in options.names or [model for model, entry in registry.models.items() if entry.hub]:
        model, records = records_of(registry, given)
        if not records and options.names:
            print(f"{given}: not downloaded; get it with `wyoming-openspeakers models download {given}`")
            damaged = True
        for record in records:
            name, folder = name_of(registry, model, record), registry.folder(model)
            parts = files_of(registry, name)[1].parts
            bad = verify(folder, HubModel(record.repo, record.revision, record.patterns, parts))
            for path in bad:
                print(f"{name}: {folder / path} is {'damaged' if (folder / path).exists() else 'missing'}")
            if bad:
                print(f"{name}: mend it with `wyoming-openspeakers models download {name}`")
            else:
                count = len(record.files)
                print(f"{name}: {count} file{'' if count == 1 else 's'} as on the hub")
            damaged |= bool(bad)
    return 1 if damaged else 0


def _remove(options: argparse.Namespace) -> int:
    service = _service(options)
    for name in options.names:
        folder, files = removable(service.registry, service.config.models_path, name)
        freed = remove(folder, files)
        print(f"Removed {name}, {as_bytes(freed)}" if freed else f"{name} was not there")
    return 0


def _trending(options: argparse.Namespace) -> int:
    config = _service(options).config
    found = trending(config.data_path / "cache", options.count, config.hub.token.get_secret_value())
    if found.stale:
        print(f"{found.problem} This list is {found.age / 3600:.1f} h old.", file=sys.stderr)
    if not found.models:
        raise ModelUnavailable("The hub lists no text-to-speech models")
    for line in _aligned([_listing(model) for model in found.models]):
        print(line)
    return 0


def _listing(model: HubListing) -> tuple[str, ...]:
    languages = ", ".join(model.languages[:4]) + (", ..." if len(model.languages) > 4 else "")
    size = as_bytes(model.size) if model.size else ""
    runs = {True: "runs here", False: "no engine", None: ""}[model.runs]
    licence = terms(model.licence, gated=model.gated)
    return model.id, f"{model.downloads} downloads", f"{model.likes} likes", licence, languages, size, runs


def _service(options: argparse.Namespace) -> Service:
    service = service_from(options, log_level=options.log_level or "warning")
    add_fetched(service.registry, service.config.models_path)
    return service
