"""Model files that other programs of this machine fetched from the hub already."""

from __future__ import annotations

import os
from pathlib import Path


def hub_snapshot(repo: str, revision: str) -> Path | None:
    """Where a revision of a model lies in the hub client's own cache, which HF_HOME or HF_HUB_CACHE may move."""
    cache = os.environ.get("HF_HUB_CACHE")
    folder = Path(cache) if cache else Path(os.environ.get("HF_HOME") or "~/.cache/huggingface") / "hub"
    snapshot = folder.expanduser() / f"models--{repo.replace('/', '--')}" / "snapshots" / revision
    return snapshot if snapshot.is_dir() else None
