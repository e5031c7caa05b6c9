"""Turns the author's pickled voices into safetensors files, once each, in a process that can do nothing else."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...base import EngineError, ModelSpec
from ...revision import revision

_PROGRAM = Path(__file__).with_name("voice_pickle.py")

_SECONDS = 60


@contextmanager
def converted(file: Path, spec: ModelSpec) -> Iterator[Path]:
    """A voice's file as safetensors, as long as it is read; what was converted is kept for the next time."""
    place = Path(spec.cache_path) if spec.cache_path else file.parent
    kept = place / f"{file.stem}.{revision(file)}.safetensors"
    if file.suffix == ".safetensors" or kept.is_file():
        yield file if file.suffix == ".safetensors" else kept
        return
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
    can_keep = place.is_dir() and os.access(place, os.W_OK)
    with tempfile.TemporaryDirectory(prefix=".voice-", dir=place if can_keep else None) as scratch:
        fresh = Path(scratch, kept.name)
        _convert(file, fresh)
        yield fresh
        # Where nothing can be kept, it is converted again.
        with contextlib.suppress(OSError):
            fresh.replace(kept)


def _convert(file: Path, target: Path) -> None:
    # It imports nothing that is installed and nothing of this project.
    command = [sys.executable, "-I", "-S", str(_PROGRAM), str(file), str(target)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=_SECONDS,
                              check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        reason = "it takes too long to read"
    else:
        if not done.returncode:
            return
        told = done.stderr.decode(errors="replace").strip().splitlines()
        reason = told[-1] if done.returncode == 1 and told else "its reader was stopped"
    raise EngineError(f"The voice {file} is damaged, or not one: {reason}; download it again", "model_missing")
