"""The environment variables that a worker process gets."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ...config import ENVIRONMENT_PREFIX
from ...no_telemetry import NO_TELEMETRY

_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""Engines load the files that the service has fetched."""

_SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of PyTorch that wait for each other sleep: while they spin, whoever they wait for may have no core."""

_SECRETS = ("HF_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGING_FACE_HUB_TOKEN")
"""What only the service needs, and code that comes with a model least of all."""

_OF_THIS_INTERPRETER = ("PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV")


def worker_environment(python: str, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its secrets, for a worker of an interpreter; `more` wins over the rest.

    Another interpreter than this one gets nothing that leads to the packages of this one.
    """
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in _SECRETS and not name.upper().startswith(ENVIRONMENT_PREFIX)
    }
    if python != sys.executable:
        for name in _OF_THIS_INTERPRETER:
            variables.pop(name, None)
        entries = variables.pop("PYTHONPATH", "").split(os.pathsep)
        if kept := [entry for entry in entries if entry and not _has_installed_packages(Path(entry))]:
            variables["PYTHONPATH"] = os.pathsep.join(kept)
    return {**_SHARING, **variables, **_OFFLINE, **NO_TELEMETRY, **more}


def _has_installed_packages(folder: Path) -> bool:
    """Whether packages were installed into a folder, as against one with somebody's own engines."""
    return folder.name in ("site-packages", "dist-packages") or any(folder.glob("*.dist-info"))
