"""The folder of the audio that is kept: opaque names, private modes."""

from __future__ import annotations

import os
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = 2
"""Characters of a name that its folder is called by."""


class AudioFiles:
    """The audio files of one database; blocking calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, ending: str) -> Path:
        """An empty file with a name that tells nothing."""
        name = f"{secrets.token_hex(16)}.{ending}"
        path = self.path(name)
        make_private_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def path(self, name: str) -> Path:
        """Where a file is."""
        return self.folder / name[:_PREFIX] / name

    def has(self, name: str) -> bool:
        """Whether it is there."""
        return self.path(name).is_file()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and what lies beside them under the same name."""
        stems: dict[Path, set[str]] = defaultdict(set)
        for name in names:
            stems[self.path(name).parent].add(Path(name).stem)
        # Each folder is looked through once: many files may go of one.
        for folder, gone in stems.items():
            for path in [path for path in folder.glob("*") if path.name.partition(".")[0] in gone]:
                with suppress(OSError):
                    path.unlink()

    def remove_others(self, names: Collection[str]) -> int:
        """Remove what none of these files explains: what was being written when the service was killed."""
        stems = {Path(name).stem for name in names}
        others = [path for path in self.folder.glob("*/*") if path.name.partition(".")[0] not in stems]
        for path in others:
            with suppress(OSError):
                path.unlink()
        return len(others)


def make_private_folder(folder: Path) -> None:
    """Create a folder and those above it that are missing, for the owner alone."""
    missing = [folder, *folder.parents]
    for path in reversed(missing[: next(at for at, path in enumerate(missing) if path.exists())]):
        path.mkdir(exist_ok=True, mode=0o700)
