"""The engine that fails on command, as one that also takes voices from recordings and descriptions.

Its parameter `forgotten` is a file to which it writes the digests that it was told to forget, a line each.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from faults.engine import FaultEngine

from wyoming_openspeakers.engines.base import ModelSpec


class MimicEngine(FaultEngine):
    """Takes voices, and has one speed."""

    capabilities = replace(FaultEngine.capabilities, cloning=True, designs=True, speed=None)

    def load(self, spec: ModelSpec, device: str) -> None:
        super().load(spec, device)
        self._forgotten = spec.parameters.get("forgotten")

    def forget(self, digests: Collection[str]) -> None:
        if self._forgotten:
            with Path(self._forgotten).open("a") as file:
                file.writelines(f"{digest}\n" for digest in digests)


ENGINE = MimicEngine
