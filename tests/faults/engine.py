"""An engine that fails on command, to time faults that real engines have only by chance.

The text says what to do, word by word: `tone` speaks 0.1 s, `sleep:0.5` works for half a second and gives 0.1 s,
`hang` never comes back, `crash` ends the process, `fail` raises, `silent` gives no audio at all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

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
        return [Voice("plain", ("en-US",), "Plain"), *(Voice(name, ("de-DE",), name) for name in names)]

    def load(self, spec: ModelSpec, device: str) -> None:
        """Take as long, or fail as, the spec's parameters say."""
        time.sleep(spec.parameters.get("load_seconds", 0))
        if spec.parameters.get("load_crash"):
            os._exit(3)
        if spec.parameters.get("load_fail"):
            raise EngineError("the weights are damaged; download them again")

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        """Act on each word."""
        for word in request.text.lower().split():
            word = word.rstrip(".,;:!?")
            name, _, value = word.partition(":")
            match name:
                case "sleep":
                    deadline = time.monotonic() + float(value)
                    while time.monotonic() < deadline:
                        if request.cancel:
                            raise Cancelled
                        time.sleep(0.005)
                case "hang":
                    time.sleep(3600)
                case "crash":
                    os._exit(3)
                case "fail":
                    raise EngineError("the engine has a headache")
                case "silent":
                    continue
            level = 0.1 + 0.1 * (sum(map(ord, request.voice)) % 5)
            tone = np.sin(np.arange(RATE // 10) * 2 * np.pi * 440 / RATE) * level
            yield Audio(tone.astype(np.float32), RATE)

    def unload(self) -> None:
        """Nothing is kept."""


ENGINE = FaultEngine
