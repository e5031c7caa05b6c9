"""The models of one worker: loads, parks and unloads them, and tells what memory each takes."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..engines.base import Engine, EngineError, ModelSpec, engine_class
from . import memory
from .failures import explain_loading
from .protocol import WRONG_STATE, Memory

_LOGGER = logging.getLogger(__name__)


@dataclass
class _Model:
    """A model that was loaded and not unloaded."""

    spec: ModelSpec
    device: str

    engine: Engine | None = None
    """None when nothing of it is in memory: parked by an engine that does not park on this device."""

    is_parked: bool = True
    host: int = 0
    device_memory: int = 0

    @property
    def parks(self) -> bool:
        """Whether its engine itself moves it off the device."""
        return self.engine is not None and self.engine.capabilities.parks and self.device.startswith("cuda")


class Models:
    """What a worker holds. One change at a time: whoever calls waits for it, and has one thread for all changes.

    An engine that cannot park is unloaded: its packages stay imported and its files in the system's cache, so that
    loading it again is faster than in a new process.
    """

    def __init__(self, is_speaking: Callable[[str], bool]) -> None:
        self._is_speaking = is_speaking
        self._models: dict[str, _Model] = {}
        self._lock = threading.Lock()

    @contextmanager
    def ready(self, name: str) -> Iterator[tuple[Engine, str]]:
        """The engine of a model that can speak, and its device; it is not taken away before the context ends."""
        with self._lock:
            model = self._models.get(name)
            if model is None or model.engine is None or model.is_parked:
                raise EngineError(f"{name} is not loaded")
            yield model.engine, model.device

    def load(self, spec: ModelSpec, device: str) -> Memory:
        """Load a model; what was parked of it goes."""
        if (model := self._models.get(spec.id)) and not model.is_parked:
            raise EngineError("it is loaded already", WRONG_STATE)
        self._drop(spec.id)
        model = _Model(spec, device)
        told = self._start(model)
        self._models[spec.id] = model
        return told

    def park(self, name: str) -> Memory:
        """Move a model off its device, or out of memory where its engine cannot park there."""
        model = self._take(name)
        if not model.parks:
            _unload(model)
            return _account(model)
        before = _settled()
        if failure := _attempt(model, lambda engine: engine.park()):
            self._drop(name)
            raise failure
        memory.give_back(collect=False)
        return _account(model, before)

    def unpark(self, name: str) -> Memory:
        """Have a parked model speak again."""
        model = self._models.get(name)
        if model is None or not model.is_parked:
            raise EngineError("it is not parked", WRONG_STATE)
        if model.engine is None:
            return self._start(model)
        before = memory.totals()
        if failure := _attempt(model, lambda engine: engine.unpark()):
            _unload(model)
            raise failure
        # No more than this: somebody waits for its first audio, and the GPU may still be copying.
        memory.trim()
        told = _account(model, before)
        model.is_parked = False
        return told

    def unload(self, name: str) -> Memory:
        """Give back all that a model has."""
        model = self._models.get(name)
        if model is None or not model.is_parked:
            self._take(name)
        self._drop(name)
        return memory.totals()

    def forget(self, digests: Collection[str]) -> None:
        """Have all engines drop what was derived from recordings that are gone."""
        for model in tuple(self._models.values()):
            if model.engine is not None:
                model.engine.forget(digests)

    def _start(self, model: _Model) -> Memory:
        if failure := _prepare(model, is_first=not any(other.engine for other in self._models.values())):
            raise failure
        before = _settled()
        if failure := _load(model):
            _unload(model)
            raise failure
        memory.give_back()
        told = _account(model, before)
        model.is_parked = False
        return told

    def _take(self, name: str) -> _Model:
        """A model that from now on nobody can speak with."""
        with self._lock:
            model = self._models.get(name)
            if model is None or model.is_parked:
                raise EngineError("it is not loaded", WRONG_STATE)
            if self._is_speaking(name):
                raise EngineError("it is speaking", WRONG_STATE)
            model.is_parked = True
            return model

    def _drop(self, name: str) -> None:
        if model := self._models.pop(name, None):
            _unload(model)


def _prepare(model: _Model, is_first: bool) -> EngineError | None:
    """Import what a model needs, which is the process's and not the model's, or tell why that cannot be."""
    try:
        engine_class(model.spec.engine).prepare(model.spec)
    except (Exception, SystemExit) as failure:
        return explain_loading(failure, model.spec.id, model.device)
    if is_first:
        # What was imported is there for good: without it, looking for garbage takes a tenth of the time.
        gc.collect()
        gc.freeze()
    return None


def _load(model: _Model) -> EngineError | None:
    """Load a model's engine, or tell why not.

    The failure is returned and not raised: raised where the engine's own error is known it would keep that, and with
    it the frames in which half a model still is.
    """
    try:
        model.engine = engine_class(model.spec.engine)()
        model.engine.load(model.spec, model.device)
    except (Exception, SystemExit) as failure:
        return explain_loading(failure, model.spec.id, model.device)
    return None


def _attempt(model: _Model, change: Callable[[Engine], None]) -> EngineError | None:
    """Have the engine park or unpark itself, or tell why it did not."""
    assert model.engine is not None
    try:
        change(model.engine)
    except (Exception, SystemExit) as failure:
        return explain_loading(failure, model.spec.id, model.device)
    return None


def _unload(model: _Model) -> None:
    """Drop an engine, also one that is only half loaded, and give its memory back."""
    engine, model.engine = model.engine, None
    model.host = model.device_memory = 0
    try:
        if engine:
            engine.unload()
    except (Exception, SystemExit):
        # A half loaded one may well have nothing to unload.
        _LOGGER.info("Unloading %s failed; it is dropped as it is", model.spec.id)
        _LOGGER.debug("This is how", exc_info=True)
    del engine
    memory.give_back()


def _settled() -> Memory:
    """What the process takes, without what it would give back at once."""
    memory.give_back(collect=False)
    return memory.totals()


def _account(model: _Model, before: Memory | None = None) -> Memory:
    """Book a difference on a model; others that speak meanwhile can make it look odd, but never negative."""
    now = memory.totals()
    before = before or now
    model.host = max(0, model.host + now.host - before.host)
    model.device_memory = max(0, model.device_memory + now.device - before.device)
    return replace(now, model_host=model.host, model_device=model.device_memory)
