"""Where people read about a model of the hub."""

from __future__ import annotations

import os
from urllib.parse import quote

_HUB = "https://huggingface.co"


def page_of(repo: str, endpoint: str | None = None) -> str:
    """The page of a repository, at the mirror where one is used.

    What the hub's client library does to find the hub is done here too: to import it only for this takes megabytes.
    """
    hub = endpoint or os.environ.get("HF_ENDPOINT") or _HUB
    return f"{hub.rstrip('/')}/{quote(repo)}"
