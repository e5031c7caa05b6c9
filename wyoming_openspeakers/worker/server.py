"""A worker's side of the conversation: loads models, speaks, cancels."""

from __future__ import annotations

import logging
import os
import queue
import socket
import threading
import time
from collections.abc import Generator
from dataclasses import astuple
from typing import Any

import numpy as np
from wyoming.event import Event, read_event, write_event

from ..engines.base import Audio, Engine, EngineError, EngineRequest
from ..engines.control import CancelFlag, Cancelled
from . import memory, protocol
from .failures import explain_loading
from .models import Models
from .scheduler import Failure, Job, Scheduler

_LOGGER = logging.getLogger(__name__)
_MOST_LANES = 8
_WATCH_EVERY = 0.1

_WORTH_TELLING = 16 * 2**20
"""Bytes by which the process must have grown or shrunk."""

_TELL_EVERY = 0.5


def _chunks(engine: Engine, request: EngineRequest) -> Generator[Audio, None, None]:
    """An engine's audio as a generator, whatever iterator the engine returns, started only on its first turn."""
    yield from engine.stream(request)


def _job(engine: Engine, device: str, speak: protocol.Speak) -> Job:
    request = EngineRequest(
        text=speak.text,
        voice=speak.voice,
        language=speak.language,
        speaker=speak.speaker,
        speed=speak.speed,
        seed=speak.seed,
        parameters=speak.parameters,
        references=speak.references,
        design=speak.design,
        instructions=speak.instructions,
        cancel=CancelFlag(),
    )
    return Job(
        id=speak.id,
        chunks=_chunks(engine, request),
        cancel=request.cancel,
        urgency=speak.urgency,
        deadline=time.monotonic() + speak.needed_in,
        client=speak.client,
        model=speak.model,
        parallel=engine.capabilities.parallel,
        waits=engine.capabilities.waits,
        # A step that has taken all cores keeps them; beside another on them, both would take longer than in turn.
        exclusive=device == "cpu" and not engine.capabilities.parallel,
        share=request.share,
        first_audio=speak.first_audio,
        audio_gap=speak.audio_gap,
    )


class WorkerServer:
    """Answers the service over a socket until the service closes it."""

    def __init__(self, connection: socket.socket) -> None:
        self._reader = connection.makefile("rb")
        self._writer = connection.makefile("wb")
        self._write_lock = threading.Lock()
        self._scheduler = Scheduler(self._send_audio, self._send_end, min(_MOST_LANES, os.cpu_count() or 1))
        self._models = Models(self._scheduler.is_speaking)
        self._changes: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._told = protocol.Memory()
        self._told_at = 0.0
        self._has_spoken = threading.Event()

    def run(self) -> None:
        """Serve until the connection ends."""
        self._scheduler.start()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        # A thread of their own: other models go on speaking and can be cancelled meanwhile. One thread: two changes
        # at once could not tell whose memory is whose.
        threading.Thread(target=self._change_models, name="models", daemon=True).start()
        self._tell(Event(protocol.HELLO, {"pid": os.getpid()}), memory.totals())
        while event := read_event(self._reader):
            match event.type:
                case protocol.LOAD | protocol.PARK | protocol.UNPARK | protocol.UNLOAD:
                    self._changes.put(event)
                case protocol.SPEAK:
                    self._speak(protocol.Speak.from_event(event))
                case protocol.FORGET:
                    self._models.forget(event.data["digests"])
                case protocol.CANCEL:
                    self._scheduler.cancel(event.data["id"])
                case _:
                    _LOGGER.error("Unknown message: %s", event.type)

    def _watch(self) -> None:
        """Tell the service of an engine that is stuck, for only the service can end this process, and of growth."""
        while True:
            time.sleep(_WATCH_EVERY)
            for job, limit in self._scheduler.stuck():
                job.cancel.set()
                text = f"{job.model} gave no audio for {limit:g} s and was restarted"
                self._send(Event(protocol.ERROR, {"id": job.id, "code": protocol.STUCK, "text": text}))
            if self._has_spoken.is_set() and time.monotonic() >= self._told_at + _TELL_EVERY:
                self._has_spoken.clear()
                self._tell_growth()

    def _tell_growth(self) -> None:
        now, told = memory.totals(), self._told
        if max(abs(now.host - told.host), abs(now.device - told.device)) > _WORTH_TELLING:
            self._tell(Event(protocol.MEMORY), now)

    def _change_models(self) -> None:
        while True:
            self._change(self._changes.get())

    def _change(self, event: Event) -> None:
        """Carry out one command and answer it."""
        name = event.data["model"]["id"] if event.type == protocol.LOAD else event.data["model"]
        try:
            match event.type:
                case protocol.LOAD:
                    load = protocol.Load.from_event(event)
                    answer, told = protocol.LOADED, self._models.load(load.model, load.device)
                case protocol.PARK:
                    answer, told = protocol.PARKED, self._models.park(name)
                case protocol.UNPARK:
                    answer, told = protocol.LOADED, self._models.unpark(name)
                case _:
                    answer, told = protocol.UNLOADED, self._models.unload(name)
            self._tell(Event(answer, {"id": event.data["id"], "model": name}), told)
        except Exception as failure:
            error = explain_loading(failure, name)
            data = {"id": event.data["id"], "model": name, "code": error.code, "text": str(error)}
            self._tell(Event(protocol.ERROR, data), memory.totals())

    def _tell(self, event: Event, now: protocol.Memory) -> None:
        self._told, self._told_at = now, time.monotonic()
        event.data["memory"] = now.data()
        self._send(event)

    def _speak(self, speak: protocol.Speak) -> None:
        try:
            with self._models.ready(speak.model) as (engine, device):
                self._scheduler.add(_job(engine, device, speak))
        except EngineError as error:
            self._send_end(speak.id, error, began=False)

    def _send_audio(self, job_id: int, audio: Audio) -> None:
        samples = np.ascontiguousarray(audio.samples, dtype=np.float32)
        data: dict[str, Any] = {"id": job_id, "rate": audio.rate}
        if audio.words:
            data["words"] = [astuple(word) for word in audio.words]
        self._send(Event(protocol.AUDIO, data, samples.tobytes()))

    def _send_end(self, job_id: int, error: Failure, began: bool) -> None:
        match error:
            case None:
                event = Event(protocol.DONE, {"id": job_id})
            case Cancelled():
                event = Event(protocol.CANCELLED, {"id": job_id})
            case EngineError():
                event = Event(protocol.ERROR, {"id": job_id, "code": error.code, "text": str(error)})
                if error.code == protocol.OUT_OF_MEMORY:
                    # Before the service knows, for it may try again at once.
                    memory.give_back()
        self._has_spoken.set()
        self._send(event)

    def _send(self, event: Event) -> None:
        with self._write_lock:
            write_event(event, self._writer)
