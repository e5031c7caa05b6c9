"""The engine that fails on command, as one that also takes voices from recordings and descriptions."""

from __future__ import annotations

from dataclasses import replace

from faults.engine import FaultEngine


class MimicEngine(FaultEngine):
    """Takes voices, and has one speed."""

    capabilities = replace(FaultEngine.capabilities, cloning=True, designs=True, speed=None)


ENGINE = MimicEngine
