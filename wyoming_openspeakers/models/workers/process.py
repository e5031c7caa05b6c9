"""The service's side of one worker process: start it, talk to it, see it end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from wyoming.event import Event, async_read_event, async_write_event

from ...engines.base import Audio, ModelSpec, Word
from ...errors import ModelUnavailable, OutOfMemory, Timeout
from ...worker import protocol
from ...worker.protocol import Memory
from .environment import worker_environment
from .errors import error_of

_LOGGER = logging.getLogger(__name__)
_PROGRAM = Path(protocol.__file__).with_name("__main__.py")

_WORKER_SAYS = 2.0
"""Seconds that a worker has to tell of a stuck engine itself."""

_LAST_WORDS = 1.0
"""Seconds that a process may go on after it hung up, or its line after it ended."""


class WorkerGone(Exception):
    """The process ended while something was asked of it."""

    def __init__(self, text: str, began: bool = False) -> None:
        super().__init__(text)
        self.began = began
        """Whether audio of the request had come already."""


@dataclass(frozen=True)
class SpeakLimits:
    """How long a worker may take, in seconds."""

    first_audio: float
    audio_gap: float
    cancel: float


class WorkerProcess:
    """One running worker."""

    def __init__(
        self,
        name: str,
        on_exit: Callable[[WorkerProcess, str], None],
        python: str = sys.executable,
        *,
        environment: Mapping[str, str] | None = None,
        on_memory: Callable[[WorkerProcess], None] | None = None,
    ) -> None:
        self.name = name
        self.exited = asyncio.Event()
        self.is_stopping = False
        """It was asked to end."""

        self.memory = Memory()
        """What the whole process takes, as it said last."""

        self.changes = asyncio.Lock()
        """Held by whoever has it load, park or unload a model."""

        self._python = python
        self._environment = environment or {}
        self._on_exit = on_exit
        self._on_memory = on_memory
        self._ids = itertools.count(1)
        self._inboxes: dict[int, asyncio.Queue[Event | None]] = {}
        self._speaking: set[int] = set()
        self._write_lock = asyncio.Lock()
        self._heard = 0.0
        self._why_killed = ""

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def busy(self) -> int:
        """How many segments are in work."""
        return len(self._speaking)

    async def start(self) -> None:
        """Start the process; `load` tells whether it really runs."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            level = logging.getLevelName(logging.getLogger("wyoming_openspeakers").getEffectiveLevel()).lower()
            self._process = await asyncio.create_subprocess_exec(
                *(self._python, "-P", str(_PROGRAM), str(theirs.fileno()), str(os.getpid()), level),
                pass_fds=[theirs.fileno()],
                env=worker_environment(self._python, self._environment),
                stdin=asyncio.subprocess.DEVNULL,
                # Ctrl-C is for the service, which ends its workers when they have finished speaking.
                start_new_session=True,
            )
            try:
                self._reader, self._writer = await asyncio.open_connection(sock=ours)
            except BaseException:
                self._process.kill()
                await self._process.wait()
                raise
            undo.pop_all()
        self._task = asyncio.create_task(self._watch(), name=f"worker {self.name}")

    async def load(self, spec: ModelSpec, device: str) -> Memory:
        """Load a model."""
        return await self._ask("loaded", protocol.Load(spec, device).event(), spec.id)

    async def park(self, model: str) -> Memory:
        """Move a model that is loaded off its device."""
        return await self._ask("parked", Event(protocol.PARK, {"model": model}), model)

    async def unpark(self, model: str) -> Memory:
        """Have a model that is parked speak again."""
        return await self._ask("loaded", Event(protocol.UNPARK, {"model": model}), model)

    async def unload(self, model: str) -> Memory:
        """Unload a model that is loaded or parked."""
        return await self._ask("unloaded", Event(protocol.UNLOAD, {"model": model}), model)

    async def speak(self, speak: protocol.Speak, limits: SpeakLimits) -> AsyncGenerator[Audio, None]:
        """Speak a segment; closing the generator early cancels it and waits until the worker has let go."""
        job = next(self._ids)
        inbox = self._inboxes[job] = asyncio.Queue()
        self._speaking.add(job)
        began = ended = False
        try:
            message = replace(speak, id=job, first_audio=limits.first_audio, audio_gap=limits.audio_gap)
            await self._send(message.event())
            while True:
                event = await self._next(inbox, max(limits.first_audio, limits.audio_gap) + _WORKER_SAYS)
                if event is not None and event.type == protocol.AUDIO:
                    began = True
                    words = tuple(Word(*word) for word in event.data.get("words", ()))
                    yield Audio(np.frombuffer(event.payload or b"", np.float32), event.data["rate"], words)
                    continue
                ended = True
                if event is None:
                    raise WorkerGone(f"The process of {speak.model} ended while it spoke", began)
                if event.type == protocol.ERROR:
                    if event.data["code"] == protocol.STUCK:
                        self.kill("its engine was stuck")
                    raise error_of(event)
                return
        except (WorkerGone, Timeout):
            ended = True
            raise
        finally:
            if ended:
                self._forget(job)
            else:
                # To the end, however often it is cancelled: until then its model must not be parked or unloaded.
                await _finish(self._cancel(job, inbox, limits.cancel))

    async def forget(self, digests: Collection[str]) -> None:
        """Have its engines drop what they derived from recordings that are gone."""
        with contextlib.suppress(WorkerGone):
            await self._send(Event(protocol.FORGET, {"digests": sorted(digests)}))

    async def _next(self, inbox: asyncio.Queue[Event | None], patience: float) -> Event | None:
        """The next message to a request; a worker that says nothing to anybody for too long is ended.

        The worker itself tells of an engine that is stuck. This is for native code that lets nothing else run.
        """
        while True:
            try:
                async with asyncio.timeout(patience):
                    return await inbox.get()
            except TimeoutError:
                if time.monotonic() - self._heard < patience:
                    continue
                self.kill(f"it said nothing for {patience:g} s")
                raise Timeout(f"The process {self.name} did nothing for {patience:g} s and was restarted") from None

    async def stop(self) -> None:
        """End the process in good order."""
        self.is_stopping = True
        self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), 1)
        except TimeoutError:
            self.kill("it did not stop")
        await self.exited.wait()

    def kill(self, why: str) -> None:
        """End the process at once."""
        self._why_killed = self._why_killed or why
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _cancel(self, job: int, inbox: asyncio.Queue[Event | None], patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._send(Event(protocol.CANCEL, {"id": job}))
                while (event := await inbox.get()) and event.type == protocol.AUDIO:
                    pass
        except TimeoutError:
            self.kill(f"it did not stop speaking within {patience:g} s")
        except WorkerGone:
            pass
        finally:
            self._forget(job)

    def _forget(self, job: int) -> None:
        del self._inboxes[job]
        self._speaking.remove(job)

    async def _ask(self, what: str, command: Event, model: str) -> Memory:
        """Have a model `loaded`, say, and tell what it takes then."""
        number = next(self._ids)
        command.data["id"] = number
        inbox = self._inboxes[number] = asyncio.Queue()
        try:
            await self._send(command)
            answer = await inbox.get()
        finally:
            del self._inboxes[number]
        if answer is None:
            raise WorkerGone(f"The process {self.name} ended before {model} was {what}")
        if answer.type == protocol.ERROR:
            lacks_memory = answer.data["code"] == protocol.OUT_OF_MEMORY
            error = OutOfMemory if lacks_memory else ModelUnavailable
            raise error(f"Model {model} cannot be {what}: {answer.data['text']}")
        return Memory.from_event(answer)

    async def _send(self, event: Event) -> None:
        try:
            if self.exited.is_set() or self._writer.is_closing():
                raise ConnectionError
            async with self._write_lock:
                await async_write_event(event, self._writer)
        except ConnectionError:
            # Not before everyone knows: who tries again shall get the next process.
            await self.exited.wait()
            raise WorkerGone(f"The process {self.name} has ended") from None

    async def _watch(self) -> None:
        """See the process end, even when it only hangs up or a child of its own keeps the line open."""
        reading = asyncio.create_task(self._read())
        ending = asyncio.create_task(self._process.wait())
        await asyncio.wait((reading, ending), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((reading, ending), timeout=_LAST_WORDS)
        reading.cancel()
        self._writer.close()
        if not ending.done():
            self.kill("it hung up but did not end")
        status = await ending
        self.exited.set()
        for inbox in self._inboxes.values():
            inbox.put_nowait(None)
        reason = self._why_killed or (f"signal {-status}" if status < 0 else f"exit status {status}")
        self._on_exit(self, "stopped" if self.is_stopping else reason)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while event := await async_read_event(self._reader):
                self._heard = time.monotonic()
                if "memory" in event.data:
                    self._note_memory(Memory.from_event(event))
                inbox = self._inboxes.get(event.data.get("id", 0))
                if inbox is not None:
                    inbox.put_nowait(event)

    def _note_memory(self, told: Memory) -> None:
        totals = Memory(told.host, told.device)
        if totals != self.memory:
            self.memory = totals
            if self._on_memory:
                self._on_memory(self)


async def _finish(work: Coroutine[None, None, None]) -> None:
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled:
        raise cancelled
