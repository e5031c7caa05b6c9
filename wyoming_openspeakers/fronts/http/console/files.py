"""The files of the console, as they are in the package: few and small, so they stay in memory."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urljoin

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
_BEGIN = "app.js"
"""The module that the page begins with."""

_IMPORT = re.compile(r"""(?:^|[;}\s])(?:import|export)\b[^"';()]*?from\s*["']([^"']+)["']""")


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

    def modules_of(self, name: str) -> set[str]:
        """A module with all that it cannot run without; what it fetches when it is wanted is not among them."""
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            if (module := waiting.pop()) in self._files and module not in reached:
                reached.add(module)
                imports = _IMPORT.findall(self._files[module].content.decode())
                waiting += [urljoin(module, address) for address in imports]
        return reached

    def _page(self) -> str:
        """The page with the version in its addresses, and what it begins with named so that it comes at once."""
        modules = sorted(self.modules_of(_BEGIN))
        links = "\n".join(f'<link rel="modulepreload" href="{_UNVERSIONED}{name}">' for name in modules)
        html = self._files[PAGE].content.decode().replace(_PRELOADS, links)
        return html.replace(_UNVERSIONED, f"console/{self.version}/")


def _version(files: dict[str, ConsoleFile]) -> str:
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
    return digest.hexdigest()[:12]
