"""What a run of the benches works with. It needs none of what a service needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.results import Figure


@dataclass(frozen=True)
class Setup:
    """What a run of the benchmark works with."""

    assets: Path
    """Folder with piper/, kokoro/ and whisper-tiny.en/."""

    folder: Path
    """Temporary folder for logs, data and configurations."""

    command: tuple[str, ...] = (sys.executable, "-m", "wyoming_openspeakers")
    """Starts our service; `serve` and its flags are appended."""

    against_itself: bool = False
    """Put wyoming-piper in our place, to see how much two runs of the same server differ."""

    verbose: bool = False
    """Tell what was misheard, and the like."""

    scale: float = 1.0
    """Below 1 for a quick look with fewer requests."""

    keep: Callable[[Sequence[Figure]], None] = lambda figures: None
    """Told what was measured so far, for a run that is ended before its end."""

    def count(self, full: int, least: int = 1) -> int:
        """How many of something this run does."""
        return max(least, round(full * self.scale))
