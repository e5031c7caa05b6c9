"""Tell one state of some files from another without reading them."""

from __future__ import annotations

import hashlib
from pathlib import Path


def revision(*files: Path) -> str:
    """Changes when one of the files is replaced."""
    states = [(file.name, status.st_size, status.st_mtime_ns) for file in files for status in (file.stat(),)]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]
