"""Model files that other programs of this machine fetched from the hub already."""

from __future__ import annotations

import os
import re
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}")


def hub_snapshot(repo: str, revision: str) -> Path | None:
    """Where a revision of a model lies in the hub client's own cache, which HF_HOME or HF_HUB_CACHE may move.

    Only when it is whole: while a file of the model is still on its way, by now or by an attempt that was cut off,
    nothing tells which of its snapshots waits for it.
    """
    try:
        cached = _cache() / f"models--{repo.replace('/', '--')}"
        commit = revision if _COMMIT.fullmatch(revision) else _commit(cached / "refs", revision)
        snapshot = cached / "snapshots" / commit
        return snapshot if commit and _is_whole(snapshot, cached / "blobs") else None
    except (OSError, RuntimeError, ValueError):
        # Another user's cache, no home folder, or a name that no file can have.
        return None


def _cache() -> Path:
    get = os.environ.get
    if folder := get("HF_HUB_CACHE") or get("HUGGINGFACE_HUB_CACHE"):
        return _expanded(folder)
    home = get("HF_HOME") or os.path.join(get("XDG_CACHE_HOME") or "~/.cache", "huggingface")  # noqa: PTH118
    return _expanded(home) / "hub"


def _expanded(folder: str) -> Path:
    return Path(os.path.expandvars(folder)).expanduser()


def _commit(refs: Path, revision: str) -> str:
    """The commit that a tag or a branch was when it was fetched; empty when it was not."""
    if ".." in Path(revision).parts or Path(revision).is_absolute() or not (refs / revision).is_file():
        return ""
    commit = (refs / revision).read_text(encoding="ascii").strip()
    return commit if _COMMIT.fullmatch(commit) else ""


def _is_whole(snapshot: Path, blobs: Path) -> bool:
    """Whether a snapshot has files, each of them is really there, and none is still on its way."""
    files = [Path(folder, name) for folder, _, names in os.walk(snapshot) for name in names]
    return bool(files) and all(file.exists() for file in files) and not any(blobs.glob("*.incomplete"))
