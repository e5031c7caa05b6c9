"""Libraries that tell their makers about their users are told not to."""

from __future__ import annotations

import os

NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""onnxruntime would report every model that is loaded, with an identifier of the machine; the hub's client would name
the packages that are installed with every request."""


def be_silent() -> None:
    """Have this process and those that it starts tell nobody; called before such a library is imported."""
    os.environ.update(NO_TELEMETRY)
