"""Whether an environment really works: its Python starts, and what its engines need can be imported in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import probe as environment_probe
from .environments import Environments

WORKER_NEEDS = ("numpy", "wyoming")
"""Modules that every worker imports."""

_PACKAGE = Path(__file__).resolve().parents[2]
_PATIENCE = 300.0
"""Seconds: the first import of torch from a slow disk takes minutes."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    good: bool
    text: str
    serious: bool = True
    """Whether engines cannot do their work like this."""


def check(environments: Environments, name: str, modules: Sequence[str] = ()) -> list[Finding]:
    """Look at an environment, with the modules that its engines need. Blocks, for as long as their imports take."""
    python = environments.python(name)
    if python is None:
        return [Finding("Python", False, environments.problem(name) or "")]
    state = environments.status(name)
    findings = [Finding("Python", True, f"{state.version}, {python}")]
    again = f"`wyoming-openspeakers engines install {name} --again`"
    lines, end = _probe(python, [*dict.fromkeys([*WORKER_NEEDS, *modules])])
    for result in _results(lines, end):
        subject, good, text = result["subject"], result["good"], result["text"]
        if result.get("missing"):
            file = environments.requirements_file(name)
            text = f"is not in it; add it to {file or 'its requirements'} and make it anew with {again}"
        elif not good:
            text = f"{text}; make it anew with {again}"
        if subject == "devices" and good and text.startswith("processor") and shutil.which("nvidia-smi"):
            findings.append(Finding(subject, False, f"{text}, but this machine has an NVIDIA driver", serious=False))
        else:
            findings.append(Finding(subject, good, text, serious=subject != "devices"))
    return findings


def _probe(python: Path, modules: Sequence[str]) -> tuple[list[str], str]:
    """The lines that the probe printed, and how it ended where that was wrong."""
    command = [str(python), "-I", str(environment_probe.__file__), str(_PACKAGE), *modules]
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace").splitlines(), f"took more than {_PATIENCE:g} s"
    except OSError as error:
        return [], f"does not start: {error.strerror}"
    status = answer.returncode
    end = f"ended its process with {f'signal {-status}' if status < 0 else f'exit status {status}'}" if status else ""
    return answer.stdout.decode(errors="replace").splitlines(), end


def _results(lines: Sequence[str], end: str) -> Iterator[dict[str, Any]]:
    """The results among the lines; what was begun and has none is why the probe ended."""
    begun = "Python"
    for line in lines:
        entry = json.loads(line)
        begun = entry["subject"]
        if "good" in entry:
            yield entry
            begun = ""
    if end:
        yield {"subject": begun or "Python", "good": False, "text": end}
