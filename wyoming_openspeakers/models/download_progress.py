"""How far a download is, and a bar that shows it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_RATE_WINDOW = 5.0


@dataclass(frozen=True)
class DownloadProgress:
    """How far a download is."""

    file: str
    """Path of the file in work."""

    done: int
    """Bytes that are here, with those of earlier attempts."""

    total: int
    """Bytes of all files."""

    rate: float
    """Bytes per second, over the last few seconds."""


OnProgress = Callable[[DownloadProgress], None]


class Meter:
    """Counts the bytes of a download and tells about them."""

    def __init__(self, total: int, missing: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._done = total - missing
        self._on_progress = on_progress
        self._recent = deque([(time.monotonic(), self._done)])

    def advance(self, path: str, size: int) -> None:
        """Count bytes of a file; negative when they were thrown away."""
        self._done += size
        now = time.monotonic()
        self._recent.append((now, self._done))
        while now - self._recent[0][0] > _RATE_WINDOW and len(self._recent) > 2:
            self._recent.popleft()
        since, done = self._recent[0]
        rate = max(0.0, (self._done - done) / (now - since)) if now > since else 0.0
        if self._on_progress is not None:
            self._on_progress(DownloadProgress(path, self._done, self._total, rate))


@contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """Show a download as a bar on the terminal; shows nothing when the output is no terminal."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    bar: Any
    with tqdm(unit="B", unit_scale=True, disable=None) as bar:  # type: ignore[no-untyped-call]

        def show(progress: DownloadProgress) -> None:
            if bar.total is None:
                # What an earlier attempt fetched must not count as speed.
                bar.reset(progress.total)
                bar.initial = bar.n = progress.done
            bar.set_description_str(PurePosixPath(progress.file).name, refresh=False)
            bar.update(progress.done - bar.n)

        yield show
