"""The id of this installation."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path

_LOGGER = logging.getLogger(__name__)


def stable_id(data_dir: Path) -> str:
    """A short id of this installation, made once, so that Home Assistant knows it again after a restart."""
    path = data_dir / "discovery-id"
    with suppress(OSError, UnicodeDecodeError):
        known = path.read_text(encoding="ascii").strip()
        if re.fullmatch(r"[0-9a-f]{6}", known):
            return known
    new = secrets.token_hex(3)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(new)
        draft.replace(path)
    except OSError as error:
        _LOGGER.warning("The id for discovery cannot be kept in %s: %s", data_dir, error.strerror)
        return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
    return new
