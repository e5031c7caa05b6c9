"""Getting ready to speak."""

from __future__ import annotations

import time
from dataclasses import replace

from ..check import check
from ..clear import demand_clear
from ..outcome import Outcome, passed
from ..stage import Stage, refusal


@check("load", "loads in a fresh process", seconds=60, needs="")
async def LOAD(stage: Stage) -> Outcome:  # noqa: N802
    """The worker starts, the model loads."""
    await stage.close()
    began = time.monotonic()
    await stage.ready()
    return passed("it is loaded, imports included", f"{time.monotonic() - began:.1f} s")


@check("device", "refuses a device that it does not declare")
async def DEVICE(stage: Stage) -> Outcome:  # noqa: N802
    """Loading on what is no device of its kind is a clear error, not a fallback that nobody notices."""
    performance = await stage.ready()
    devices = stage.subject.capabilities.devices
    other = next((kind for kind in ("cuda", "mps") if kind not in devices), "quantum")
    spec = replace(stage.subject.spec, id=f"{stage.subject.name}-elsewhere")
    error = await refusal(performance.load_variant(spec, other))
    return passed(demand_clear(error, other, when=f"On the device {other}"))
