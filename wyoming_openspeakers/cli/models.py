"""`models`: list, download and remove models."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..errors import InvalidRequest, ModelUnavailable
from ..models.hub import download, progress_bar
from ..models.installed import HubModel, is_installed, remove
from ..models.registry import Registry
from .options import add_common, service_from
from .readiness import problem_and_fix


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("models", help="list, download and remove models", description=__doc__)
    actions = parser.add_subparsers(metavar="ACTION")
    parser.set_defaults(run=_list)
    add_common(parser)
    for name, action, text in (
        ("list", _list, "list the models and whether they can be used (the default)"),
        ("download", _download, "fetch a model's files; goes on where it was interrupted"),
        ("remove", _remove, "delete a model's files"),
    ):
        sub = actions.add_parser(name, help=text, description=text)
        if action is not _list:
            sub.add_argument(
                "names",
                nargs="+",
                metavar="MODEL",
                help="model, such as kokoro, or voice of one, such as piper/de_DE-thorsten-medium",
            )
        add_common(sub, below=True)
        sub.set_defaults(run=action)


def _list(options: argparse.Namespace) -> int:
    registry = _registry(options)
    for model, entry in registry.models.items():
        problem = problem_and_fix(registry, model)
        count = 0 if problem else len(registry.engine(model).voices(registry.spec(model)))
        state = problem or f"{count} voice{'' if count == 1 else 's'}"
        print(f"{model:<12} {entry.name:<16} {entry.licence:<28} {state}")
        if entry.description:
            print(f"{'':<12} {entry.description}")
    return 0


def _download(options: argparse.Namespace) -> int:
    registry = _registry(options)
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGINGFACE_HUB_TOKEN")
    for name in options.names:
        model, hub = _hub_model(registry, name)
        folder = registry.folder(model)
        if is_installed(folder, hub):
            print(f"{name} is there already, in {folder}")
            continue
        with progress_bar() as show:
            download(folder, hub, token, show)
        print(f"{name} is ready, in {folder}")
    return 0


def _remove(options: argparse.Namespace) -> int:
    registry = _registry(options)
    for name in options.names:
        model, hub = _hub_model(registry, name)
        print(f"Removed {name}" if remove(registry.folder(model), hub) else f"{name} was not there")
    return 0


def _registry(options: argparse.Namespace) -> Registry:
    return service_from(options, log_level=options.log_level or "warning").registry


def _hub_model(registry: Registry, name: str) -> tuple[str, HubModel]:
    """The files that a model, or one voice of a model, consists of."""
    model, _, voice = name.partition("/")
    hub = registry.entry(model).hub
    if hub is None:
        raise ModelUnavailable(f"Model {model} comes with its package; there is nothing to download or remove")
    try:
        patterns = hub.patterns(voice)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None
    return model, HubModel(hub.repo, hub.revision, patterns)
