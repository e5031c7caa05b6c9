"""What is known of a server, without ever waiting for it: a thread asks, and a file outlives the process."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..base import EngineError, ModelSpec
from .voices import Listing

_LOGGER = logging.getLogger(__name__)

ASK_EVERY = 60.0
ASK_AGAIN = 5.0
"""Seconds after which a server that did not answer is asked again."""

SOON = 2.0
"""The same after a first failure, which may be chance: until the second it counts for nothing."""

LONG = 150.0
"""Seconds after which nobody wants to know any more; Home Assistant asks every 30."""

DEADLINE = 3.0
"""Seconds that a server has to say what it has."""

_NAME = "remote.json"

Ask = Callable[[], Listing]


@dataclass(frozen=True)
class Known:
    """What is known of a server."""

    listing: Listing | None = None
    problem: str | None = None


class Watch:
    """Asks one server now and then, as long as somebody wants to know."""

    def __init__(self, name: str, identity: str, file: Path | None) -> None:
        self._name = name
        self._identity = identity
        self._file = file
        self._lock = threading.Lock()
        self._looked = 0.0
        self._failures = 0
        self._is_running = False
        kept = _read(file, identity)
        self._known = Known(kept) if kept else Known(problem=f"{name} is being asked what it has; a moment")

    def look(self, ask: Ask) -> Known:
        """What is known now."""
        with self._lock:
            self._looked = time.monotonic()
            known = self._known
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, args=(ask,), name=f"watch {self._name}", daemon=True).start()
            return known

    def _run(self, ask: Ask) -> None:
        while True:
            time.sleep(self._ask(ask))
            with self._lock:
                if time.monotonic() - self._looked > LONG:
                    self._is_running = False
                    return

    def _ask(self, ask: Ask) -> float:
        """Ask once; tells how long the answer is good for."""
        try:
            listing = ask()
        except EngineError as error:
            problem = str(error)
        except Exception:
            _LOGGER.exception("%s cannot be asked what it has", self._name)
            problem = f"{self._name} cannot be asked what it has; the log tells why"
        else:
            self._keep(listing)
            self._failures, self._known = 0, Known(listing)
            return ASK_EVERY
        self._failures += 1
        if self._failures == 1 and self._known.listing:
            return SOON
        if self._known.problem != problem:
            _LOGGER.warning("%s", problem)
        self._known = Known(problem=problem)
        return ASK_AGAIN

    def _keep(self, listing: Listing) -> None:
        if self._file is None or listing == self._known.listing:
            return
        draft = self._file.with_name(f"{self._file.name}.new")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"server": self._identity, **listing.data()}), encoding="utf-8")
            draft.replace(self._file)


def kept_listing(spec: ModelSpec) -> Listing | None:
    """What a model's server had when it was asked last, by this process or another."""
    return _read(_file(spec), _identity(spec))


def _read(file: Path | None, identity: str) -> Listing | None:
    try:
        return _parsed(file, file.stat().st_mtime_ns, identity) if file else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(maxsize=16)
def _parsed(file: Path, changed: int, identity: str) -> Listing | None:
    tree = json.loads(file.read_text(encoding="utf-8"))
    return Listing.from_data(tree) if tree["server"] == identity else None


def _identity(spec: ModelSpec) -> str:
    """Changes when the model's entry does: what another server had is not used."""
    state = repr((spec.id, spec.engine, sorted(spec.parameters.items(), key=lambda item: item[0])))
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _file(spec: ModelSpec) -> Path | None:
    return Path(spec.cache_path) / _NAME if spec.cache_path else None


_watches: dict[tuple[str, Path | None], Watch] = {}
_watches_lock = threading.Lock()


def watched(spec: ModelSpec, name: str, ask: Ask) -> Known:
    """What is known of a model's server. Cheap; never waits."""
    key = (_identity(spec), _file(spec))
    with _watches_lock:
        watch = _watches.get(key)
        if watch is None:
            watch = _watches[key] = Watch(name, *key)
    return watch.look(ask)
