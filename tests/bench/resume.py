"""Downloads that are killed: what goes on where it stopped, and what is never taken for a model."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import yaml
from bench.results import Figure
from bench.setup import Setup
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.models.hub.fetch import HubModel, is_installed, verify
from wyoming_openspeakers.models.hub.installed import PARTIAL
from wyoming_openspeakers.models.registry import Registry, load_registry_file

SHARES = (0.3, 0.6, 0.9)
_MEGABYTES = 200
_RATE = 80e6
_CHUNK = 128 * 1024
"""What a process may read at once, rounded up."""

_SLACK = 0.05
_LOOK_EVERY = 0.01
_PATIENCE = 120.0
_MODEL = "big"
_FILES = HubModel("bench/big", "1" * 40)
_VOICE = "en_US-big-high.onnx"
_SETTINGS = b'{"audio": {"sample_rate": 22050}, "espeak": {"voice": "en-us"}, "language": {"code": "en_US"}}'


@dataclass
class Sighting:
    """What was seen while downloads ran and after they were killed."""

    looks: int = 0
    wrong: list[str] = field(default_factory=list)
    """What took a model for installed that was not whole."""


@dataclass(frozen=True)
class Attempt:
    """One process that downloaded until it was killed or done."""

    begin: int
    """Bytes that were here before it."""

    end: int
    """Bytes that were here after it."""

    asked_from: int
    """Where in the file its transfer began."""

    sent: int
    """Bytes that the hub sent to it."""

    @property
    def again(self) -> int:
        """Bytes that were here and were fetched all the same."""
        return self.begin - self.asked_from

    @property
    def in_flight(self) -> int:
        """Bytes that were sent and died with the process: in the buffers of the connection, or read and not written."""
        return self.sent - (self.end - self.asked_from)


@dataclass(frozen=True)
class Outcome:
    """How a download went that was killed again and again."""

    attempts: Sequence[Attempt]
    damaged: Sequence[str]
    installed: bool
    sighting: Sighting


def measure(setup: Setup) -> list[Figure]:
    """Kill a download at 30, 60 and 90 per cent, and let it end in a fourth process."""
    size = setup.count(_MEGABYTES) * 10**6
    outcome = kill_and_resume(setup.folder, size, _RATE, setup.command)
    figures = [
        Figure("resume", f"killed at {share:.0%}: bytes fetched again", after.again, at_most=0,
               note=f"{killed.end / 1e6:.1f} of {size / 1e6:.0f} MB were here; "
                    f"{killed.in_flight / 1e3:.0f} kB more were on their way and died with the process")
        for share, killed, after in zip(SHARES, outcome.attempts, outcome.attempts[1:], strict=False)
    ]  # fmt: skip
    last = outcome.attempts[-1]
    wrong = outcome.sighting.wrong
    return [
        *figures,
        Figure("resume", "fetched by the last process", last.sent / 1e6, "MB",
               at_most=(size - last.begin + _CHUNK) / 1e6, note=f"{(size - last.begin) / 1e6:.1f} MB were missing"),
        Figure("resume", "damaged files in the end", len(outcome.damaged) + (not outcome.installed), at_most=0),
        Figure("resume", "taken for installed before it was whole", len(wrong), at_most=0,
               note=f"{outcome.sighting.looks} looks{f'; {wrong[0]}' if wrong else ''}"),
    ]  # fmt: skip


def kill_and_resume(folder: Path, size: int, rate: float, command: Sequence[str]) -> Outcome:
    """Download a model of so many bytes with a process that is killed at each share, and once to the end."""
    models_file = folder / "models.yaml"
    entry = {"engine": "piper", "hub": {"repo": _FILES.repo, "revision": _FILES.revision}}
    models_file.write_text(yaml.safe_dump({"models": {_MODEL: entry}}), encoding="utf-8")
    registry = Registry(load_registry_file(models_file), [folder / "models"], folder / "cache")
    where = registry.folder(_MODEL)
    download = [*command, "models", "download", _MODEL, "--models", str(models_file), "--data-dir", str(folder)]
    attempts = []
    with hub_server() as hub:
        content = random.Random(size).randbytes(size)
        hub.repos[_FILES.repo] = Repo(_FILES.revision, {_VOICE: content, f"{_VOICE}.json": _SETTINGS})
        hub.rate = rate
        with _watched(registry, where, sha256(content).digest()) as sighting:
            for share in (*SHARES, None):
                attempts.append(_attempt(hub, where, download, None if share is None else int(size * share)))
                if share is not None:
                    _look_at_the_list(folder, models_file, command, sighting)
        shown = is_installed(where, _FILES) and bool(registry.engine(_MODEL).voices(registry.spec(_MODEL)))
        return Outcome(attempts, verify(where, _FILES), shown, sighting)


def _attempt(hub: HubServer, where: Path, command: Sequence[str], kill_at: int | None) -> Attempt:
    """Run the command, and kill it without a warning when so many bytes are here."""
    begin, before, asked = _here(where), len(hub.sent), len(hub.requests)
    # On a busy machine the kill may come late; the download must not be done by then.
    hub.hold_after = None if kill_at is None else int(kill_at * (1 + _SLACK)) - begin
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(where.parent / "home"), "HF_HUB_OFFLINE": "0"}
    log = where.parent.parent / "download.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    try:
        if kill_at is None:
            process.wait(_PATIENCE)
        else:
            _wait_for(where, kill_at, process)
    finally:
        process.kill()
        process.wait()
    if (process.returncode == 0) != (kill_at is None):
        raise RuntimeError(f"the download ended with {process.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
    end = (where / _VOICE).stat().st_size if kill_at is None else _here(where)
    ranges = [request.range for request in hub.requests[asked:] if request.path.startswith("/cdn/")]
    return Attempt(begin, end, int((ranges[0] or "bytes=0-")[len("bytes=") : -1]), _sent(hub, before))


def _wait_for(where: Path, size: int, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + _PATIENCE
    while _here(where) < size:
        if process.poll() is not None or time.monotonic() > patience:
            return
        time.sleep(0.001)


def _sent(hub: HubServer, since: int) -> int:
    """Bytes that the hub sent, once it has seen that the other side is gone."""
    total = -1
    while total != (total := sum(hub.sent[since:])):
        time.sleep(0.1)
    return total


def _here(where: Path) -> int:
    """Bytes of the large file that are here."""
    return max((part.stat().st_size for part in (where / PARTIAL).glob("*")), default=0)


@contextmanager
def _watched(registry: Registry, where: Path, digest: bytes) -> Iterator[Sighting]:
    """Look every 10 ms whether anything takes the model for installed, and whether it is whole then."""
    sighting, stop = Sighting(), threading.Event()

    def look() -> None:
        while not stop.wait(_LOOK_EVERY):
            sighting.looks += 1
            by = [
                name
                for name, sees in (
                    ("the manifest", is_installed(where, _FILES)),
                    ("the engine", bool(registry.engine(_MODEL).voices(registry.spec(_MODEL)))),
                )
                if sees
            ]
            if by and not _is_whole(where, digest):
                sighting.wrong += by

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield sighting
    finally:
        stop.set()
        thread.join()


def _is_whole(where: Path, digest: bytes) -> bool:
    files = (where / _VOICE, where / f"{_VOICE}.json")
    return (
        all(file.exists() for file in files)
        and files[1].read_bytes() == _SETTINGS
        and sha256(files[0].read_bytes()).digest() == digest
    )


def _look_at_the_list(folder: Path, models_file: Path, command: Sequence[str], sighting: Sighting) -> None:
    """What `models list` says after a kill."""
    listed = [*command, "models", "list", "--models", str(models_file), "--data-dir", str(folder)]
    answer = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    line = next(line for line in answer.splitlines() if line.startswith(_MODEL))
    if not line.endswith("of a download that was cut off are here") or "voice;" in line:
        sighting.wrong.append(f"models list: {line}")
