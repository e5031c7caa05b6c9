"""Which downloaded files are complete in a folder: a manifest, written last, says so."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import ModelFilesError

MANIFEST = ".hub.json"
PARTIAL = ".partial"
LOCK = ".lock"
MOVING = ".moving"
OWN_FILES = {MANIFEST, PARTIAL, LOCK, MOVING}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class HubModel:
    """What to fetch from a model hub."""

    repo: str
    """`owner/name`."""

    revision: str
    """A commit, so that the files never change under us; a tag or a branch is resolved to one."""

    patterns: tuple[str, ...] = ()
    """Shell patterns of paths to fetch, `*` also matching `/`; everything when empty."""

    parts: tuple[tuple[str, HubModel], ...] = ()
    """What it needs of other repositories, and the folder below its own where that lies."""

    def places(self, folder: Path) -> Iterator[tuple[Path, HubModel]]:
        """Where each of its repositories lies; its own comes last, which makes it count."""
        for name, part in self.parts:
            yield from part.places(folder / name)
        yield folder, self


@dataclass(frozen=True)
class HubFile:
    """A file of a repository at a commit."""

    path: str
    size: int
    digest: str
    """`sha256:...` for large files, `git:...` (the blob's id) for the rest."""

    def is_intact(self, path: Path) -> bool:
        """Whether a file is there with this one's size and hash. Reads all of it."""
        if _size(path) != self.size or not path.is_file():
            return False
        kind, _, expected = self.digest.partition(":")
        with path.open("rb") as content:
            if kind == "sha256":
                return hashlib.file_digest(content, "sha256").hexdigest() == expected
            blob = hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)
            while chunk := content.read(_CHUNK):
                blob.update(chunk)
            return blob.hexdigest() == expected


@dataclass(frozen=True)
class Record:
    """A download that is complete."""

    repo: str
    revision: str
    commit: str
    patterns: tuple[str, ...]
    files: tuple[HubFile, ...]

    def is_of(self, model: HubModel) -> bool:
        """Whether it is a download of this model, in any revision."""
        return (self.repo, self.patterns) == (model.repo, model.patterns)

    def is_at(self, model: HubModel) -> bool:
        """Whether it is a download of this model in its revision."""
        return self.is_of(model) and model.revision in (self.revision, self.commit)

    def is_whole(self, folder: Path) -> bool:
        """Whether the files are still there, by their sizes."""
        return all(_size(folder / file.path) == file.size for file in self.files)


def is_installed(folder: Path, model: HubModel) -> bool:
    """Whether a model's files are all there, in the wanted revision. Cheap: looks at sizes only."""
    return all(is_there(place, one) for place, one in model.places(folder))


def is_there(folder: Path, model: HubModel) -> bool:
    """Whether a model's own files are all there, whatever there is of its parts. Cheap: looks at sizes only."""
    return any(record.is_at(model) and record.is_whole(folder) for record in read_records(folder))


def is_settled(folder: Path) -> bool:
    """Whether no download is moving its files into a folder, nor was cut off while it did. Cheap."""
    return not any((place / MOVING).exists() for place in _places(folder))


def installed(folder: Path) -> list[Record]:
    """The downloads in a folder whose files are all there. Cheap: looks at sizes only."""
    return [record for record in read_records(folder) if record.is_whole(folder)]


def verify(folder: Path, model: HubModel | None = None) -> list[str]:
    """The files of a model, or of every download in a folder, that are damaged or missing. Reads them all."""
    bad = set()
    try:
        for place, one in model.places(folder) if model else ((place, None) for place in _places(folder)):
            records = [record for record in read_records(place) if one is None or record.is_at(one)]
            files = {file for record in records for file in record.files}
            damaged = (place / file.path for file in files if not file.is_intact(place / file.path))
            bad |= {path.relative_to(folder).as_posix() for path in damaged}
    except OSError as error:
        raise ModelFilesError(f"{folder}: cannot read: {error.strerror}.") from error
    return sorted(bad)


def size_on_disk(folder: Path) -> int:
    """Bytes of all that lies in a folder, with what downloads that were cut off have brought."""
    return sum(_size(Path(top, name)) or 0 for top, _, names in os.walk(folder) for name in names)


def size_of_parts(folder: Path) -> int:
    """Bytes that downloads which were cut off have brought."""
    return sum(size_on_disk(place / PARTIAL) for place in _places(folder))


def remove(folder: Path, model: HubModel | None = None) -> int:
    """Delete the files of a model, or of every download; returns the bytes freed.

    Only what was downloaded goes: files that someone put there by hand stay, and so does what another download needs.
    """
    places = list(model.places(folder)) if model else [(place, None) for place in _places(folder)]
    try:
        # What makes the model count goes first.
        freed = sum(_remove(place, one) for place, one in reversed(places))
        _remove_empty(folder, folder)
    except OSError as error:
        raise ModelFilesError(f"{folder}: cannot delete: {error.strerror}.") from error
    return freed


def _remove(folder: Path, model: HubModel | None) -> int:
    records = read_records(folder)
    gone = [record for record in records if model is None or record.is_of(model)]
    kept = [record for record in records if record not in gone]
    write_records(folder, kept)
    freed = delete_unused(folder, gone, kept)
    if not kept:
        for path in (*(folder / PARTIAL).glob("*"), folder / LOCK, folder / MOVING):
            freed += _size(path) or 0
            path.unlink(missing_ok=True)
        _remove_empty(folder, folder / PARTIAL)
        _remove_empty(folder, folder)
    return freed


def read_records(folder: Path) -> list[Record]:
    """The complete downloads in a folder; none when the manifest is missing or cannot be read."""
    try:
        return [_record(entry) for entry in json.loads((folder / MANIFEST).read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Replace the manifest in one step: a reader sees the old one or the new one."""
    entries = [asdict(record) for record in records]
    if not entries:
        (folder / MANIFEST).unlink(missing_ok=True)
        return
    draft = folder / f"{MANIFEST}.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / MANIFEST)


def delete_unused(folder: Path, gone: Iterable[Record], kept: Iterable[Record]) -> int:
    """Delete the files of downloads that are gone, save what kept ones share; returns the bytes freed."""
    needed = {file.path for record in kept for file in record.files}
    freed = 0
    for path in {file.path for record in gone for file in record.files} - needed:
        freed += _size(folder / path) or 0
        (folder / path).unlink(missing_ok=True)
        _remove_empty(folder, (folder / path).parent)
    return freed


def _places(folder: Path) -> list[Path]:
    """A folder of downloads and, before it, those below that are downloads of their own."""
    try:
        with os.scandir(folder) as found:
            below = [Path(entry.path) for entry in found if entry.is_dir() and entry.name not in OWN_FILES]
    except OSError:
        below = []
    return [*(place for place in sorted(below) if any((place / name).exists() for name in OWN_FILES)), folder]


def _record(entry: dict[str, Any]) -> Record:
    files = tuple(HubFile(**file) for file in entry["files"])
    return Record(entry["repo"], entry["revision"], entry["commit"], tuple(entry["patterns"]), files)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _remove_empty(top: Path, folder: Path) -> None:
    """Remove a folder and those above it, up to and with `top`, for as long as they are empty."""
    with suppress(OSError):
        while folder.is_relative_to(top):
            folder.rmdir()
            folder = folder.parent
