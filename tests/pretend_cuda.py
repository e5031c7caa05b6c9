"""What torch.cuda is asked where the GPU is pretended: streams that are behind, events, graphs, pinned memory."""

from __future__ import annotations

import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import graph_tape
import torch

CUDA = torch.device("cuda", 0)

_ROOM = 80 << 30
_OURS = "wyoming_openspeakers"


class Gpu:
    """What it has been told, and what the host has waited for."""

    def __init__(self) -> None:
        self.waits: Counter[str] = Counter()
        """What for, and where, when it has nothing else to do meanwhile."""

        self.told = 0
        """How many things it was told to do."""

        self.call: Callable[..., Any] = lambda *arguments: None
        """Does what is asked of tensors that are there."""

        self.graphs = 0
        """How often a graph was captured."""

        self.replays = 0
        self.chances: dict[int, torch.Generator] = {}
        """Its generators by where they are in memory."""

        self._pinned: list[tuple[int, int]] = []
        self._own = threading.local()

    @property
    def stream(self) -> Stream:
        """That of this thread."""
        if not hasattr(self._own, "stream"):
            self._own.stream = _DEFAULT
        stream: Stream = self._own.stream
        return stream

    @stream.setter
    def stream(self, stream: Stream) -> None:
        self._own.stream = stream

    @property
    def tape(self) -> Any:
        """What takes down what this thread has it do, while a graph is captured."""
        return getattr(self._own, "tape", None)

    @tape.setter
    def tape(self, tape: Any) -> None:
        self._own.tape = tape

    @property
    def is_aside(self) -> bool:
        """Whether what it is told now is done at a time of its own."""
        return self.stream is not _DEFAULT and self.tape is None

    def do(self, work: Callable[[], Any]) -> Any:
        """Do something at once, and take it down for a graph."""
        if self.tape is None:
            self.told += 1
            return work()
        with self.tape:
            return work()

    def check_capture(self) -> None:
        """Refuse what a graph cannot do."""
        if self.tape is not None:
            raise RuntimeError("operation not permitted when stream is capturing")

    def later(self, work: Callable[[], Any], made: Any) -> Any:
        """Do something when somebody waits for it."""
        self.check_capture()
        self.stream.waiting.append(work)
        self.stream.told += 1
        return made

    def wait(self, what: str) -> None:
        """The host waits for it."""
        self.check_capture()
        self.waits[f"{what} {_place()}"] += 1

    def pin(self, tensor: torch.Tensor) -> torch.Tensor:
        """Have memory page-locked."""
        self.register(tensor.data_ptr(), tensor.untyped_storage().nbytes())
        return tensor

    def register(self, address: int, length: int) -> None:
        """Have memory page-locked, by its address."""
        self._pinned.append((address, address + length))

    def unregister(self, address: int) -> None:
        """Have it as it was."""
        self._pinned = [span for span in self._pinned if span[0] != address]

    def is_pinned(self, tensor: torch.Tensor) -> bool:
        """Whether copies to it go on by themselves."""
        return any(begin <= tensor.data_ptr() < end for begin, end in self._pinned)


class Stream:
    """Copies that it was told of and that nobody has waited for."""

    def __init__(self, device: Any = None, priority: int = 0, **options: Any) -> None:
        self.device = CUDA
        self.waiting: deque[Callable[[], Any]] = deque()
        self.told = 0

    def reach(self, mark: int) -> None:
        """Have done as many things as it was told until then."""
        while self.waiting and self.told - len(self.waiting) < mark:
            self.waiting.popleft()()

    def synchronize(self) -> None:
        gpu().wait("a stream")
        self.reach(self.told)

    def wait_stream(self, other: Stream) -> None:
        gpu().check_capture()
        other.reach(other.told)

    def wait_event(self, event: Event) -> None:
        gpu().check_capture()
        event.reach()

    def record_event(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def query(self) -> bool:
        return not self.waiting


class Event:
    """A place in what a stream was told."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self._stream: Stream | None = None
        self._mark = 0
        self._before: int | None = None
        """What the GPU was told before it."""

    def record(self, stream: Stream | None = None) -> None:
        self._stream = stream or gpu().stream
        self._mark = self._stream.told
        self._before = gpu().told

    def wait(self, stream: Stream | None = None) -> None:
        self.reach()

    def query(self) -> bool:
        self.reach()
        return True

    def synchronize(self) -> None:
        gpu().check_capture()
        if self._before == gpu().told:
            gpu().wait("an event")
        self.reach()

    def reach(self) -> None:
        """Have done what came before it."""
        if self._stream is not None:
            self._stream.reach(self._mark)


class Graph:
    """What was done while it was captured, again."""

    def __init__(self, keep_graph: bool = False) -> None:
        self.tape: Any = None

    def pool(self) -> tuple[int, int]:
        return 0, 1

    def replay(self) -> None:
        current = gpu()
        assert current.tape is None
        current.replays += 1
        current.told += 1
        self.tape.play()


@contextmanager
def _capturing(
    graph: Graph, pool: Any = None, stream: Stream | None = None, capture_error_mode: str = "global"
) -> Iterator[None]:
    current = gpu()
    graph.tape = current.tape = graph_tape._Tape()
    try:
        with _on(stream or Stream()):
            yield
    finally:
        current.tape = None
        graph.tape.undo()
    current.graphs += 1


@contextmanager
def _on(stream: Stream | None) -> Iterator[None]:
    current = gpu()
    before = current.stream
    current.stream = stream or before
    try:
        yield
    finally:
        current.stream = before


@contextmanager
def _device(device: Any) -> Iterator[None]:
    yield


def _synchronize(device: Any = None) -> None:
    gpu().wait("the GPU")


def _runtime() -> SimpleNamespace:
    def register(address: int, length: int, flags: int) -> int:
        gpu().register(address, length)
        return 0

    def unregister(address: int) -> int:
        gpu().unregister(address)
        return 0

    return SimpleNamespace(
        cudaHostRegister=register, cudaHostUnregister=unregister, cudaError=SimpleNamespace(success=0)
    )


def _place() -> str:
    """The line of ours that is at work, and that of whoever does the work for it."""
    frame: Any = sys._getframe()
    while frame and f"/{_OURS}/" not in frame.f_code.co_filename:
        frame = frame.f_back
    return f"{frame.f_code.co_filename.rpartition(f'{_OURS}/')[2]}:{frame.f_lineno}" if frame else ""


_DEFAULT = Stream()
_current: list[Gpu] = []


def gpu() -> Gpu:
    """The one that is pretended."""
    return _current[-1]


_NAMES: dict[str, Any] = {
    "_lazy_init": lambda: None,
    "is_available": lambda: True,
    "is_initialized": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "get_device_name": lambda device=None: "Pretended",
    "get_device_capability": lambda device=None: (9, 0),
    "mem_get_info": lambda device=None: (_ROOM, _ROOM),
    "memory_reserved": lambda device=None: 0,
    "memory_allocated": lambda device=None: 0,
    "manual_seed_all": lambda seed: None,
    "seed_all": lambda: None,
    "empty_cache": lambda: gpu().check_capture(),
    "synchronize": _synchronize,
    "current_stream": lambda device=None: gpu().stream,
    "default_stream": lambda device=None: _DEFAULT,
    "stream": _on,
    "device": _device,
    "cudart": _runtime,
    "is_current_stream_capturing": lambda: gpu().tape is not None,
    "Stream": Stream,
    "Event": Event,
    "CUDAGraph": Graph,
    "graph": _capturing,
}


@contextmanager
def pretended() -> Iterator[Gpu]:
    """Have torch.cuda tell of a GPU."""
    _current.append(Gpu())
    _DEFAULT.waiting.clear()
    with ExitStack() as stack:
        for name, what in _NAMES.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, what))
        stack.enter_context(mock.patch.object(torch.backends.cudnn, "is_acceptable", lambda tensor: False))
        yield _current[-1]
    _current.pop()
