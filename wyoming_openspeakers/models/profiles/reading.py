"""The process that reads one recording: bounds itself, decodes, checks, writes one WAV file, tells and ends."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np

from .decoding import RATE, Refused, decode
from .quality import check

if sys.platform != "win32":
    import resource

_BASE_MEMORY = 256 * 2**20
_MEMORY_PER_SECOND = 2**20
_OWN_MEMORY = Path("/proc/self/statm")
_MOST_FILE = 8_000_000
_CPU_SECONDS = 20
_MOST_FILES = 32


def main(output: str, longest: str) -> None:
    """Read what comes as standard input; what is told is one line of JSON."""
    limit(float(longest))
    try:
        told = _read(output, float(longest))
    except Refused as refused:
        told = {"refused": str(refused), "why": refused.why}
    except MemoryError:
        told = {"refused": "It takes more memory to read than a recording of a voice does", "why": "large"}
    except Exception as error:
        told = {"failed": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(told), flush=True)
    # Nothing of what the decoders hold may have a say in how the process ends.
    os._exit(0)


def limit(longest: float) -> None:
    """Have the system end this process when it takes too much of anything."""
    if sys.platform == "win32":
        return
    if _OWN_MEMORY.exists():
        taken = int(_OWN_MEMORY.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, taken + _BASE_MEMORY + int(longest * _MEMORY_PER_SECOND))
    _lower(resource.RLIMIT_CPU, _CPU_SECONDS)
    _lower(resource.RLIMIT_FSIZE, _MOST_FILE)
    _lower(resource.RLIMIT_NOFILE, _MOST_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, bound: int) -> None:
    _, most = resource.getrlimit(what)
    bound = bound if most == resource.RLIM_INFINITY else min(bound, most)
    resource.setrlimit(what, (bound, bound))


def _read(output: str, longest: float) -> dict[str, Any]:
    with os.fdopen(0, "rb") as upload:
        checked = check(decode(upload, longest))
    pcm = np.round(np.clip(checked.samples, -1, 1) * 32767).astype("<i2").tobytes()
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(pcm)
    return {
        "seconds": len(checked.samples) / RATE,
        "rate": RATE,
        "loudness": checked.loudness,
        "digest": hashlib.sha256(pcm).hexdigest(),
        "was_cut": checked.was_cut,
        "warnings": checked.warnings,
    }
