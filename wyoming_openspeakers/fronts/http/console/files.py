"""The files of the console, as they are in the package: few and small, so they stay in memory."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "static"

PAGE = "index.html"

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
"""What is served; whatever else lies in the folder is for those who work on it."""

_UNVERSIONED = "console/current/"
"""Where the page looks for its files, as it is written."""

_PRELOADS = "<!-- modules -->"
_CLASSIC = "theme.js"
"""The one script that is no module."""


@dataclass(frozen=True)
class ConsoleFile:
    """One file."""

    content: bytes
    type: str

    @cached_property
    def packed(self) -> bytes:
        """It in gzip."""
        return gzip.compress(self.content, mtime=0)


class ConsoleFiles:
    """All files, and the page that uses them.

    The addresses of the files have a version in them that changes with their content: browsers need never ask for them
    again, and never have files of two versions at once.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES)
        self._files = {
            path.relative_to(folder).as_posix(): ConsoleFile(path.read_bytes(), _TYPES[path.suffix]) for path in paths
        }
        self.version = _version(self._files)
        self.page = ConsoleFile(self._page().encode(), _TYPES[".html"])

    @property
    def names(self) -> list[str]:
        """What the files are called: `pages/speak.js`."""
        return list(self._files)

    def find(self, name: str) -> ConsoleFile | None:
        """A file by its name."""
        return self._files.get(name) if name != PAGE else None

    def _page(self) -> str:
        """The page with the version in its addresses, and all modules named so that they come at once."""
        modules = [name for name in self._files if name.endswith(".js") and name != _CLASSIC]
        links = "\n".join(f'<link rel="modulepreload" href="{_UNVERSIONED}{name}">' for name in modules)
        html = self._files[PAGE].content.decode().replace(_PRELOADS, links)
        return html.replace(_UNVERSIONED, f"console/{self.version}/")


def _version(files: dict[str, ConsoleFile]) -> str:
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
    return digest.hexdigest()[:12]
