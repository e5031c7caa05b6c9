"""The engine that fails on command, as one that also takes voices from recordings and descriptions."""

from __future__ import annotations

from dataclasses import replace

from faults.engine import FaultEngine


class MimicEngine(FaultEngine):
    """Promises all that can be asked of a voice."""

    capabilities = replace(FaultEngine.capabilities, cloning=True, designs=True, instructions=True)


ENGINE = MimicEngine
