"""The files of models as Home Assistant's update entities see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

from ...errors import SpeechError
from ...events import DownloadChanged
from ...models.hub.installed import HubModel, installed
from ...models.hub.names import files_of
from ...models.registry import Registry
from .shown import Downloadable

_NOT_HERE = "not installed"
_SHORT = 7


def look_at_updates(registry: Registry) -> Mapping[Downloadable, str]:
    """Each listed model that is downloaded as a whole, and which revision of it is here. Looks at the disk."""
    found = {}
    for model, entry in registry.models.items():
        # What was asked for by its name on the hub has no revision to come to; the voices of others come one by one.
        if entry.hub is None or entry.hub.is_by_voice or model == entry.hub.repo:
            continue
        with suppress(SpeechError):
            wanted = files_of(registry, model)[1]
            here = _installed(registry, model, wanted)
            shown = Downloadable(model, entry.name or model, entry.url, here != _NOT_HERE, _version(wanted.revision))
            found[shown] = here
    return found


def update_state(model: Downloadable, here: str, download: DownloadChanged | None = None) -> str:
    """What an update entity reads."""
    is_running = download is not None and download.state in ("waiting", "downloading")
    percentage = None
    if download is not None and is_running and download.total:
        percentage = min(100, int(100 * download.done / download.total))
    state = {
        "installed_version": here,
        "latest_version": model.latest,
        "in_progress": is_running,
        "update_percentage": percentage,
    }
    return json.dumps(state)


def _installed(registry: Registry, model: str, wanted: HubModel) -> str:
    records = [record for record in installed(registry.folder(model)) if record.is_of(wanted)]
    if any(record.is_at(wanted) for record in records):
        return _version(wanted.revision)
    if records:
        return _version(records[-1].commit)
    # Files that somebody put there by hand have no revision, and nothing to come to.
    return _NOT_HERE if registry.problem(model) else _version(wanted.revision)


def _version(revision: str) -> str:
    """With a word before it: Home Assistant would compare what looks like a number by its size."""
    is_commit = len(revision) == 40 and all(letter in "0123456789abcdef" for letter in revision)
    return f"revision {revision[:_SHORT] if is_commit else revision}"
