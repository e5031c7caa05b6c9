"""Runs a generation in a thread of its own and hands over what it makes while it goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from ..control import CancelFlag, Cancelled

Item = TypeVar("Item")

LEAD = 2
"""Items that the thread may be ahead of who takes them: others want their turns, too."""


class Handover:
    """What the thread asks whether it shall go on."""

    def __init__(self) -> None:
        self._room = threading.Semaphore(LEAD)
        self.is_over = False

    def check(self) -> None:
        """Raise Cancelled when nobody wants more."""
        if self.is_over:
            raise Cancelled

    def wait(self) -> None:
        """Wait until there is room for another item."""
        self._room.acquire()
        self.check()

    def taken(self) -> None:
        """There is room for one more."""
        self._room.release()

    def stop(self) -> None:
        """End the thread at its next look."""
        self.is_over = True
        self._room.release()


def in_background(work: Callable[[Handover, Callable[[Item], None]], None], cancel: CancelFlag) -> Iterator[Item]:
    """What `work` emits, as soon as it does; the thread has ended when this iterator has, however it does."""
    made: queue.SimpleQueue[tuple[Item] | BaseException | None] = queue.SimpleQueue()
    handover = Handover()

    def emit(item: Item) -> None:
        handover.wait()
        made.put((item,))

    def run() -> None:
        try:
            handover.check()
            work(handover, emit)
            made.put(None)
        except BaseException as error:  # it is raised where the items are taken
            made.put(error)

    def stop() -> None:
        handover.stop()
        made.put(Cancelled())

    thread = threading.Thread(target=run, name="generation", daemon=True)
    forget = cancel.on_set(stop)
    try:
        thread.start()
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
            handover.taken()
    finally:
        forget()
        handover.stop()
        # The next generation uses the same weights.
        thread.join()
