"""An engine that fails on command, to time faults that real engines have only by chance.

The text says what to do, word by word: `tone` speaks 0.1 s, `sleep:0.5` works for half a second and gives 0.1 s,
`hang` never comes back, `freeze` neither and lets nothing else in its process run, `crash` ends the process, `fail`
raises, `silent` gives no audio at all.

The model's parameters say what it is like: `languages` and `rate` of its voice `plain`, and a `journal`, a file to
which each segment is written as a line of JSON when its work begins.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wyoming_openspeakers.engines.base import (
    Audio,
    Cancelled,
    Capabilities,
    Engine,
    EngineError,
    EngineRequest,
    ModelSpec,
    Voice,
)

RATE = 16000


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
        time.sleep(spec.parameters.get("load_seconds", 0))
        if spec.parameters.get("load_crash"):
            os._exit(3)
        if spec.parameters.get("load_fail"):
            raise EngineError("the weights are damaged; download them again")

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
                case "silent":
                    continue
            level = 0.1 + 0.1 * (sum(map(ord, request.voice)) % 5)
            tone = np.sin(np.arange(self._rate // 10) * 2 * np.pi * 440 / self._rate) * level
            yield Audio(tone.astype(np.float32), self._rate)

    def unload(self) -> None:
        """Nothing is kept."""


ENGINE = FaultEngine
