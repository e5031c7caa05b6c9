"""Runs generations in a thread of its own and hands over what they make while they go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from ..control import CancelFlag, Cancelled

Item = TypeVar("Item")

LEAD = 2
"""Items that a generation may be ahead of who takes them: others want their turns, too."""


class Handover(Generic[Item]):
    """Where a generation puts what it makes, and learns that nobody wants more."""

    def __init__(self) -> None:
        self._room = threading.Semaphore(LEAD)
        self._made: queue.SimpleQueue[tuple[Item] | BaseException | None] = queue.SimpleQueue()
        self._is_over = False

    def check(self) -> None:
        """Raise Cancelled when nobody wants more."""
        if self._is_over:
            raise Cancelled

    def put(self, item: Item) -> None:
        """Hand an item over, as soon as there is room for it."""
        self._room.acquire()
        self.check()
        self._made.put((item,))

    def end(self, error: BaseException | None = None) -> None:
        """There is no more, or whoever takes the items is told why."""
        self._made.put(error)

    def stop(self) -> None:
        """Let neither side wait any more."""
        self._is_over = True
        self._room.release()
        self._made.put(Cancelled())

    def items(self) -> Iterator[Item]:
        """What is put, until the end."""
        while (item := self._made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
            self._room.release()


class Background:
    """One thread for all generations of a model: graphs that are captured in a thread are not known in others."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "generation")

    def call(self, work: Callable[[], None]) -> None:
        """Have something done there."""
        self._thread.submit(work).result()

    def stream(self, work: Callable[[Handover[Item]], None], cancel: CancelFlag) -> Iterator[Item]:
        """What `work` puts, as soon as it does; it has ended when this iterator has, however that ends."""
        handover: Handover[Item] = Handover()

        def run() -> None:
            try:
                handover.check()
                work(handover)
            except BaseException as error:  # it is raised where the items are taken
                handover.end(error)
            else:
                handover.end()

        forget = cancel.on_set(handover.stop)
        running = self._thread.submit(run)
        try:
            yield from handover.items()
        finally:
            forget()
            handover.stop()
            # The next one uses the same weights.
            running.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)
