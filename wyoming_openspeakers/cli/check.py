"""`check`: what works on this machine, and the fix for what does not."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ..config.values import parse_budget
from ..errors import ModelUnavailable, SpeechError
from ..models.environments.environments import Environments
from ..models.gpu.gpus import Gpus
from ..models.gpu.monitor import GpuMonitor
from ..models.memory.host import read_host_memory
from ..models.readiness import problem_and_fix
from ..models.registry import SERVICE, Registry
from ..service import Service
from .options import add_common, service_from


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
    yield _memory(service)
    yield from _gpus(service)
    yield from _environments(service)
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


def _gpus(service: Service) -> Iterator[Finding]:
    gpus = Gpus(service.config.models.gpus)
    # The monitor waits only so long for a driver that hangs.
    read = asyncio.run(GpuMonitor(gpus, service.bus, interval=0).read())
    budget = service.config.models.gpu_memory
    for gpu in read.gpus:
        allowed = parse_budget(budget, gpu.memory_total)
        driver = f", driver {gpus.driver}" if gpus.driver else ""
        text = f"{gpu.name}, {_size(gpu.memory_total)}{driver}; models may take {_size(allowed)} of it"
        yield Finding(f"GPU {gpu.index}", True, text)
    if read.problem:
        yield Finding("GPU", False, read.problem, serious=False)


def _memory(service: Service) -> Finding:
    memory = read_host_memory()
    allowed = parse_budget(service.config.models.host_memory, memory.total)
    text = f"{_size(memory.total)}, {_size(memory.available)} available; models may take {_size(allowed)} of it"
    if memory.available >= allowed:
        return Finding("memory", True, text)
    return Finding("memory", False, f"{text}: lower models.host_memory or end other programs", serious=False)


def _environments(service: Service) -> Iterator[Finding]:
    """The environments that models are to run in."""
    environments = Environments(service.config.data_path / "environments")
    models: dict[str, list[str]] = {}
    for model, entry in service.registry.models.items():
        if entry.environment != SERVICE and not _is_to_be_fetched(service.registry, model):
            models.setdefault(entry.environment, []).append(model)
    for name, its in models.items():
        users = f"for {', '.join(its)}"
        if problem := environments.problem(name):
            needless = all(service.registry.environment(model) == SERVICE for model in its)
            text = f"not installed, and not needed {users}: the service has all" if needless else f"{problem}, {users}"
            yield Finding(f"environment {name}", needless, text, serious=False)
        else:
            status = environments.status(name)
            yield Finding(f"environment {name}", True, f"{status.state}, Python {status.version}, {users}")


def _models(service: Service) -> Iterator[Finding]:
    registry = service.registry
    usable = []
    to_be_fetched = []
    for model, entry in registry.models.items():
        if _is_to_be_fetched(registry, model):
            to_be_fetched.append(model)
        elif problem := _problem(registry, model):
            yield Finding(f"model {model}", False, problem, serious=entry.standby)
        else:
            usable.append(model)
    yield from asyncio.run(_try(service, usable))
    if to_be_fetched:
        text = f"{', '.join(to_be_fetched)}; `wyoming-openspeakers models` tells what each is and how to get it"
        yield Finding("not downloaded", False, text, serious=False)
    if not usable:
        yield Finding("voices", False, "no model can be used; reinstall the package")


def _is_to_be_fetched(registry: Registry, model: str) -> bool:
    """Whether there is nothing of a model on this machine that comes from the hub."""
    if registry.entry(model).hub is None:
        return False
    return not any(place.is_dir() and any(place.iterdir()) for place in registry.places(model))


def _problem(registry: Registry, model: str) -> str | None:
    """What keeps a model from being used; its environment first, without which its engine cannot judge."""
    try:
        registry.python(model)
    except ModelUnavailable:
        return registry.problem(model)
    return problem_and_fix(registry, model)


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


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
