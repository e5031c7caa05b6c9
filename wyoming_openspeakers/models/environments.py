"""Environments of engines that cannot live in the service's own."""

from __future__ import annotations

from pathlib import Path


class Environments:
    """Virtual environments in a folder, each made from pinned requirements; a half-made one does not count."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def python(self, name: str) -> Path | None:
        """The interpreter of an environment that is complete. Cheap."""
        return None

    def packages_path(self, name: str) -> Path | None:
        """Where the packages of an environment that is complete are. Cheap."""
        return None
