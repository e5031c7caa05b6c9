"""An engine that fails on command, to time faults that real engines have only by chance.

The text says what to do, word by word: `tone` speaks 0.1 s, `sleep:0.5` works for half a second and gives 0.1 s,
`hang` never comes back, `freeze` neither and lets nothing else in its process run, `crash` ends the process, `fail`
raises, `exit` has the interpreter exit, `silent` gives no audio at all, `oom` finds no memory, `grow:40` takes 40 MB
and keeps them until the model is unloaded.

The model's parameters say what it is like: `languages` and `rate` of its voice `plain`, and a `journal`, a file to
which each segment is written as a line of JSON when its work begins. It takes `megabytes` of memory, `load_seconds` to
load and `unload_seconds` to unload. `load_crash`, `load_fail` and `unload_fail` do so. `oom_loads` is a file with a
number: so many loads find no memory when they have half of it, and each counts the number down.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wyoming_openspeakers.engines.base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Voice
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.engines.control import Cancelled

RATE = 16000

Ballast = list[npt.NDArray[np.uint8]]


def ballast(megabytes: int) -> Ballast:
    """Memory that is really taken, in small and large pieces that alternate."""
    sizes = [80 * 100_000, *[100_000] * 80]
    return [np.ones(size, np.uint8) for _ in range(megabytes // 16) for size in sizes] + [
        np.ones(1_000_000, np.uint8) for _ in range(megabytes % 16)
    ]


class FaultEngine(Engine):
    """Does what the text says."""

    capabilities = Capabilities(
        streaming=True, concurrency=4, speed=(0.5, 2.0), parameters={"level": {"type": "number"}}
    )

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        """One voice, and those that its files name."""
        extra = spec.find("voices.txt")
        names = extra.read_text().split() if extra else []
        languages = tuple(spec.parameters.get("languages", ["en-US"]))
        return [Voice("plain", languages, "Plain"), *(Voice(name, ("de-DE",), name) for name in names)]

    def load(self, spec: ModelSpec, device: str) -> None:
        """Take as long, or fail as, the spec's parameters say."""
        self._rate = spec.parameters.get("rate", RATE)
        self._journal = spec.parameters.get("journal")
        self._unload_seconds = spec.parameters.get("unload_seconds", 0)
        self._unload_fail = spec.parameters.get("unload_fail", False)
        time.sleep(spec.parameters.get("load_seconds", 0))
        if spec.parameters.get("load_crash"):
            os._exit(3)
        if spec.parameters.get("load_fail"):
            raise EngineError("the weights are damaged; download them again")
        megabytes = spec.parameters.get("megabytes", 0)
        half = ballast(megabytes // 2)
        if finds_no_memory(spec.parameters.get("oom_loads")):
            raise MemoryError
        self._ballast = half + ballast(megabytes - megabytes // 2)

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        """Act on each word."""
        if self._journal:
            with Path(self._journal).open("a") as journal:
                note = {"text": request.text, "speed": request.speed, "language": request.language}
                journal.write(json.dumps(note) + "\n")
        for word in request.text.lower().split():
            name, _, value = word.rstrip(".,;:!?").partition(":")
            match name:
                case "sleep":
                    deadline = time.monotonic() + float(value)
                    while time.monotonic() < deadline:
                        if request.cancel:
                            raise Cancelled
                        time.sleep(0.005)
                case "hang":
                    time.sleep(3600)
                case "freeze":
                    sum(itertools.repeat(1))
                case "crash":
                    os._exit(3)
                case "fail":
                    raise EngineError("the engine has a headache")
                case "exit":
                    raise SystemExit(3)
                case "oom":
                    lost = ballast(32)
                    raise MemoryError(len(lost))
                case "grow":
                    self._ballast += ballast(int(value))
                case "silent":
                    continue
            level = 0.1 + 0.1 * (sum(map(ord, request.voice)) % 5)
            tone = np.sin(np.arange(self._rate // 10) * 2 * np.pi * 440 / self._rate) * level
            yield Audio(tone.astype(np.float32), self._rate)

    def unload(self) -> None:
        """Let go of what was taken."""
        time.sleep(self._unload_seconds)
        if self._unload_fail:
            raise RuntimeError("there is no unloading")
        self._ballast.clear()


def finds_no_memory(path: str | None) -> bool:
    """Whether this load is one of those that fail. Counted in a file, for the next may be in another process."""
    left = int(Path(path).read_text()) if path else 0
    if path and left:
        Path(path).write_text(str(left - 1))
    return left > 0


ENGINE = FaultEngine
