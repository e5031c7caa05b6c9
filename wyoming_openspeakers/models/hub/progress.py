"""How far a download is, as a bar on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_RATE_WINDOW = 5.0
_LINE_SECONDS = 10.0
_LINE_PERCENT = 10


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

    @property
    def remaining(self) -> float | None:
        """Seconds until it is done, where that can be told."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


OnProgress = Callable[[DownloadProgress], None]


class Meter:
    """Counts the bytes of a download and tells about them."""

    def __init__(self, total: int, missing: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._done = total - missing
        self._path = ""
        self._on_progress = on_progress
        self._recent = deque([(time.monotonic(), self._done)])

    def advance(self, path: str, size: int) -> None:
        """Count bytes of a file; negative when they were thrown away."""
        self._path = path
        self._done += size
        now = time.monotonic()
        self._recent.append((now, self._done))
        while now - self._recent[0][0] > _RATE_WINDOW and len(self._recent) > 2:
            self._recent.popleft()
        self.tell()

    def tell(self) -> None:
        """Tell how far it is."""
        if self._on_progress is None:
            return
        (since, before), (now, done) = self._recent[0], self._recent[-1]
        rate = max(0.0, (done - before) / (now - since)) if now > since else 0.0
        self._on_progress(DownloadProgress(self._path, self._done, self._total, rate))


@contextmanager
def shown_progress(name: str) -> Iterator[OnProgress]:
    """Show a download on standard error: as a bar on a terminal, elsewhere in a line now and then."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines(name)


@contextmanager
def _bar() -> Iterator[OnProgress]:
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


class _Lines:
    """A plain line after every so many per cent or seconds, for logs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next_percent = 0
        self._next_time = 0.0

    def __call__(self, progress: DownloadProgress) -> None:
        percent = progress.done * 100 // progress.total if progress.total else 100
        now = time.monotonic()
        if percent < self._next_percent and now < self._next_time:
            return
        self._next_percent = percent - percent % _LINE_PERCENT + _LINE_PERCENT
        self._next_time = now + _LINE_SECONDS
        rate = f", {as_bytes(progress.rate)}/s" if progress.rate else ""
        print(f"{self._name}: {percent} % of {as_bytes(progress.total)}{rate}", file=sys.stderr, flush=True)


def as_bytes(size: float) -> str:
    """A size as people read it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
