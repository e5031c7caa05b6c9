"""`check`: what works on this machine, and the fix for what does not."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ..errors import SpeechError
from ..service import Service
from .options import add_common, service_from
from .readiness import problem_and_fix


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "check", help="tell what works on this machine, and how to mend what does not", description=__doc__
    )
    add_common(parser)
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    good: bool
    text: str
    serious: bool = True
    """Whether the service cannot do its work like this."""


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 when something serious is wrong."""
    service = service_from(options, log_level=options.log_level or "error")
    serious = False
    for finding in _findings(service):
        mark = "ok  " if finding.good else "FAIL" if finding.serious else "--  "
        print(f"{mark} {finding.subject:<22} {finding.text}", flush=True)
        serious |= finding.serious and not finding.good
    return 1 if serious else 0


def _findings(service: Service) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", True, f"{version}, {os.cpu_count()} processors")
    yield _data_folder(service.config.data_path)
    yield from _ports(service)
    yield _gpu()
    yield from _models(service)
    players = [name for name in ("pw-play", "paplay", "aplay", "ffplay", "play") if shutil.which(name)]
    yield Finding(
        "player", bool(players), players[0] if players else "none: `say --play` needs alsa-utils", serious=False
    )


def _data_folder(path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=path):
            free = shutil.disk_usage(path).free / 1e9
    except OSError as error:
        return Finding("data folder", False, f"{path}: {error.strerror}; choose another with --data-dir")
    return Finding("data folder", True, f"{path}, {free:.1f} GB free")


def _ports(service: Service) -> Iterator[Finding]:
    places: list[tuple[str, str, int, str]] = []
    for uri in service.config.wyoming.uris:
        parts = urlparse(uri)
        if parts.scheme == "tcp":
            places.append(("Wyoming", parts.hostname or "", parts.port or 0, "--uri"))
    if service.config.http.address:
        host, _, number = service.config.http.address.rpartition(":")
        places.append(("HTTP", host.strip("[]"), int(number), "--http"))
    for name, host, port, flag in places:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with closing(socket.socket(family, kind, protocol)) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            reason = error.strerror or str(error)
            text = f"{host}:{port}: {reason}; if the service runs already all is well, else choose another with {flag}"
            yield Finding(f"{name} port", False, text, serious=False)
        else:
            yield Finding(f"{name} port", True, f"{host}:{port} is free")


def _gpu() -> Finding:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return Finding("GPU", False, "no NVIDIA driver; speech runs on the processor", serious=False)
    query = [tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return Finding("GPU", False, "nvidia-smi fails; look at the driver with `nvidia-smi`", serious=False)
    return Finding("GPU", True, "; ".join(answer.stdout.strip().splitlines()))


def _models(service: Service) -> Iterator[Finding]:
    registry = service.registry
    usable = []
    for model, entry in registry.models.items():
        if problem := problem_and_fix(registry, model):
            yield Finding(f"model {model}", False, problem, serious=entry.standby)
        else:
            usable.append(model)
    yield from asyncio.run(_try(service, usable))
    if not usable:
        yield Finding("voices", False, "no model can be used; reinstall the package")


async def _try(service: Service, models: list[str]) -> list[Finding]:
    """Load each model in a real worker, as the service would."""
    findings = []
    try:
        for model in models:
            try:
                await service.manager.load(model)
            except SpeechError as error:
                findings.append(Finding(f"model {model}", False, str(error)))
            else:
                count = sum(voice.model == model for voice in service.manager.catalog.voices.values())
                findings.append(Finding(f"model {model}", True, f"loads, {count} voice{'' if count == 1 else 's'}"))
    finally:
        await service.manager.stop()
    return findings
