"""Profiles on disk: a folder each, which is there as a whole or not at all."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .profile import Profile

if sys.platform != "win32":
    import fcntl

_LOGGER = logging.getLogger(__name__)

_DRAFT = ".draft-"
_GONE = ".gone-"
_FILE = "profile.json"
_STORED = TypeAdapter(Profile)


class ProfileFolder:
    """Reads and writes profiles; every call may block. Several processes may work on one folder.

    What is new is made in a draft that takes its name only when all of it is on disk. Whoever writes holds a lock on
    the folder that they write in, so that leftovers of a crash can be told from the work of others, and are removed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Profile]:
        """All profiles; what is damaged stays on disk and is told about."""
        if not self.path.is_dir():
            return []
        found = []
        for folder in sorted(self.path.iterdir()):
            if folder.name.startswith((_DRAFT, _GONE)):
                _remove_leftover(folder)
            elif folder.is_dir():
                try:
                    found.append(_read(folder))
                except (OSError, ValueError) as error:
                    reason = f"{_FILE} is damaged" if isinstance(error, ValidationError) else error
                    _LOGGER.warning("The voice in %s is left out: %s", folder, reason)
        return found

    def draft(self, profile_id: str) -> Draft:
        """A private folder to gather what a profile shall have; not made yet."""
        return Draft(self.path / f"{_DRAFT}{profile_id}")

    def add(self, profile: Profile, draft: Draft) -> Profile:
        """Make a draft, which has the samples, the profile."""
        profile = replace(profile, folder=self.path / profile.id)
        _write(draft.path, profile)
        draft.path.rename(self.path / profile.id)
        _sync(self.path)
        return profile

    def change(self, profile: Profile, draft: Draft | None = None) -> Profile:
        """Write a profile anew, with what has come to it in a draft and without what it has lost."""
        folder = self.path / profile.id
        with _held(folder):
            for path in draft.path.glob("*.wav") if draft else ():
                path.rename(folder / path.name)
            _write(folder, profile)
            try:
                _remove_strays(folder, profile)
            except OSError as error:
                _LOGGER.error("A deleted recording is in %s until the next start: %s", folder, error.strerror)
        return profile

    def remove(self, profile_id: str) -> None:
        """Delete a profile and all that it has."""
        gone = self.path / f"{_GONE}{profile_id}"
        with suppress(FileNotFoundError):
            (self.path / profile_id).rename(gone)
            _sync(self.path)
        try:
            shutil.rmtree(gone)
            _sync(self.path)
        except FileNotFoundError:
            pass
        except OSError as error:
            _LOGGER.error("Remains of a deleted voice are in %s until the next start: %s", gone, error.strerror)


class Draft:
    """A folder that goes with all that is left in it, unless it became a profile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def open(self) -> None:
        """Make it."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.mkdir(mode=0o700)
        self._lock = _lock(self.path)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _read(folder: Path) -> Profile:
    try:
        profile = replace(_STORED.validate_json((folder / _FILE).read_bytes()), folder=folder)
    except FileNotFoundError:
        raise ValueError(f"it has no {_FILE}") from None
    if profile.id != folder.name:
        raise ValueError("it was copied from another; its folder must be called as the id in it")
    names = {path.name for path in folder.iterdir()}
    for sample in profile.samples:
        if f"{sample.id}.wav" not in names:
            raise ValueError(f"its recording {sample.id}.wav is gone")
    if len(names) > len(profile.samples) + 1:
        with suppress(OSError), _held(folder, wait=False):
            _remove_strays(folder, profile)
    return profile


def _write(folder: Path, profile: Profile) -> None:
    for path in folder.glob("*.wav"):
        _sync(path)
    tree = _STORED.dump_python(profile, mode="json", exclude={"folder"})
    draft = folder / f"{_FILE}.new"
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as file:
        json.dump(tree, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _FILE)
    _sync(folder)


def _remove_strays(folder: Path, profile: Profile) -> None:
    """Delete what a profile does not name: samples that were taken from it, and what a crash left."""
    known = {_FILE, *(f"{sample.id}.wav" for sample in profile.samples)}
    for path in folder.iterdir():
        if path.name not in known and path.suffix in (".wav", ".new"):
            path.unlink()


def _remove_leftover(folder: Path) -> None:
    with suppress(OSError), _held(folder, wait=False):
        shutil.rmtree(folder)


@contextmanager
def _held(folder: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock on a folder; OSError while somebody else does and one shall not wait."""
    descriptor = _lock(folder, wait)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path, wait: bool = True) -> int:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
