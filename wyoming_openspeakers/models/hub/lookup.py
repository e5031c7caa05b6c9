"""What a repository of the hub holds, before anything but its settings is fetched."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from typing import Any

from ...errors import InvalidRequest, ModelUnavailable
from .choice import choose_files, has_weights
from .client import get_json, hub_client, model_info
from .engine import can_run, supported_types
from .installed import HubModel
from .sentences import explained

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_]|[.-](?![.-])){0,94}(?<![.-])"
_NAME = re.compile(rf"({_PART}/{_PART})(?:@([A-Za-z0-9][\w./-]{{0,99}}))?", re.ASCII)
_SETTINGS = "config.json"


@dataclass(frozen=True)
class Offer:
    """A model that could be fetched."""

    files: HubModel
    """With the commit that its revision is now, and each file by its path."""

    size: int
    """Bytes of the files to fetch."""

    model_type: str


def parse_name(name: str) -> tuple[str, str] | None:
    """The repository and the revision of `owner/name@revision`, the revision empty when there is none; or None."""
    found = _NAME.fullmatch(name)
    if not found or found[1].endswith(".git") or ".." in name:
        return None
    return found[1], found[2] or ""


def look_up(repo: str, revision: str = "", token: str | None = None, *, endpoint: str | None = None) -> Offer:
    """Ask the hub for a model that the generic engine can run; an error says why it is none. Blocks."""
    if parse_name(repo) is None:
        raise InvalidRequest(f"{repo!r} is not a model's name on the hub; it must look like owner/name")
    with explained(repo, revision):
        client = hub_client(token, endpoint)
        info = model_info(client, repo, revision or None)
        sizes = {entry.rfilename: entry.size or 0 for entry in info.siblings or ()}
        if _SETTINGS not in sizes or not info.sha:
            raise ModelUnavailable(f"{repo} has no {_SETTINGS}: it is not a model that can be run from the hub")
        url = f"{client.endpoint}/{repo}/resolve/{info.sha}/{_SETTINGS}"
        settings = get_json(client, url, repo)
    model_type = settings.get("model_type") if isinstance(settings, dict) else None
    _check(repo, info.library_name, model_type, info.pipeline_tag)
    chosen = choose_files(sizes)
    if not has_weights(chosen):
        raise ModelUnavailable(f"{repo} has no weights that can be used: neither safetensors nor a PyTorch file")
    files = HubModel(repo, info.sha, tuple(map(glob.escape, chosen)))
    return Offer(files, sum(sizes[path] for path in chosen), str(model_type))


def _check(repo: str, library: str | None, model_type: Any, task: str | None) -> None:
    supported = supported_types()
    if not supported:
        raise ModelUnavailable("This version has no engine for models that are in no list")
    if not isinstance(model_type, str):
        raise ModelUnavailable(f"{repo} does not say what type of model it is, so it cannot be run from the hub")
    if can_run(None, model_type, task, supported) is False:
        what = f"a model for {task}" if model_type in supported else f"of the type {model_type}"
        raise ModelUnavailable(f"{repo} is {what}; types that can speak: {', '.join(sorted(supported))}")
