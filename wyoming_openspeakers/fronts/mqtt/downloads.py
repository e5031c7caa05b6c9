"""Downloads as they are told of."""

from __future__ import annotations

from ...events import DownloadChanged
from .payloads import DownloadAbout


def is_active(event: DownloadChanged) -> bool:
    """Whether more is to come."""
    return event.state in ("waiting", "downloading")


def about_download(event: DownloadChanged) -> DownloadAbout:
    """How far it is."""
    return DownloadAbout(
        name=event.name,
        state=event.state,
        file=event.file,
        done=event.done,
        total=event.total,
        percent=event.done * 100 // event.total if event.total else None,
        rate=round(event.rate),
        remaining=None if event.remaining is None else round(event.remaining, 1),
        error=event.error,
    )
