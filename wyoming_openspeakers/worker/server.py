"""A worker's side of the conversation: loads models, speaks, cancels."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator

import numpy as np
from wyoming.event import Event, read_event, write_event

from ..engines.base import Audio, CancelFlag, Cancelled, Engine, EngineError, EngineRequest, engine_class
from . import protocol
from .scheduler import Job, Scheduler

_LOGGER = logging.getLogger(__name__)
_MOST_LANES = 8
_WATCH_EVERY = 0.1


def _chunks(engine: Engine, request: EngineRequest) -> Generator[Audio, None, None]:
    """An engine's audio as a generator, whatever iterator the engine returns, started only on its first turn."""
    yield from engine.stream(request)


class WorkerServer:
    """Answers the service over a socket until the service closes it."""

    def __init__(self, connection: socket.socket) -> None:
        self._reader = connection.makefile("rb")
        self._writer = connection.makefile("wb")
        self._write_lock = threading.Lock()
        self._engines: dict[str, Engine] = {}
        self._scheduler = Scheduler(self._send_audio, self._send_end, min(_MOST_LANES, os.cpu_count() or 1))
        self._commands: dict[str, Callable[[Event], None]] = {
            protocol.LOAD: self._load,
            protocol.UNLOAD: self._unload,
            protocol.SPEAK: self._speak,
            protocol.CANCEL: lambda event: self._scheduler.cancel(event.data["id"]),
        }

    def run(self) -> None:
        """Serve until the connection ends."""
        self._scheduler.start()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        self._send(Event(protocol.HELLO, {"pid": os.getpid()}))
        while event := read_event(self._reader):
            command = self._commands.get(event.type)
            if command is None:
                _LOGGER.error("Unknown message: %s", event.type)
                continue
            command(event)

    def _watch(self) -> None:
        """Tell the service of an engine that is stuck; only the service can end this process."""
        while True:
            time.sleep(_WATCH_EVERY)
            for job, limit in self._scheduler.stuck():
                job.cancel.set()
                text = f"{job.model} gave no audio for {limit:g} s and was restarted"
                self._send(Event(protocol.ERROR, {"id": job.id, "code": protocol.STUCK, "text": text}))

    def _load(self, event: Event) -> None:
        # On its own thread: other models go on speaking and can be cancelled meanwhile.
        threading.Thread(target=self._load_now, args=(protocol.Load.from_event(event),), daemon=True).start()

    def _load_now(self, load: protocol.Load) -> None:
        model = load.model.id
        try:
            engine = engine_class(load.model.engine)()
            engine.load(load.model, load.device)
        except EngineError as error:
            self._send(Event(protocol.ERROR, {"model": model, "code": error.code, "text": str(error)}))
        except Exception as error:
            _LOGGER.exception("Loading %s failed", model)
            text = f"{type(error).__name__}: {error}"
            self._send(Event(protocol.ERROR, {"model": model, "code": "engine_failed", "text": text}))
        else:
            self._engines[model] = engine
            self._send(Event(protocol.LOADED, {"model": model}))

    def _unload(self, event: Event) -> None:
        model = event.data["model"]
        engine = self._engines.pop(model, None)
        if engine:
            engine.unload()
        self._send(Event(protocol.UNLOADED, {"model": model}))

    def _speak(self, event: Event) -> None:
        speak = protocol.Speak.from_event(event)
        engine = self._engines.get(speak.model)
        if engine is None:
            self._send_end(speak.id, EngineError(f"{speak.model} is not loaded"), began=False)
            return
        request = EngineRequest(
            text=speak.text,
            voice=speak.voice,
            language=speak.language,
            speaker=speak.speaker,
            speed=speak.speed,
            seed=speak.seed,
            parameters=speak.parameters,
            cancel=CancelFlag(),
        )
        self._scheduler.add(
            Job(
                id=speak.id,
                chunks=_chunks(engine, request),
                cancel=request.cancel,
                urgency=speak.urgency,
                deadline=time.monotonic() + speak.needed_in,
                client=speak.client,
                model=speak.model,
                parallel=engine.capabilities.parallel,
                share=request.share,
                first_audio=speak.first_audio,
                audio_gap=speak.audio_gap,
            )
        )

    def _send_audio(self, job_id: int, audio: Audio) -> None:
        samples = np.ascontiguousarray(audio.samples, dtype=np.float32)
        self._send(Event(protocol.AUDIO, {"id": job_id, "rate": audio.rate}, samples.tobytes()))

    def _send_end(self, job_id: int, error: Exception | None, began: bool) -> None:
        match error:
            case None:
                event = Event(protocol.DONE, {"id": job_id})
            case Cancelled():
                event = Event(protocol.CANCELLED, {"id": job_id})
            case EngineError():
                event = Event(protocol.ERROR, {"id": job_id, "code": error.code, "text": str(error)})
            case _:
                # Its own words may quote what was to be said, which is nobody's business but the listener's.
                text = f"The engine failed with a {type(error).__name__}; the log tells where"
                event = Event(protocol.ERROR, {"id": job_id, "code": "engine_failed", "text": text})
        self._send(event)

    def _send(self, event: Event) -> None:
        with self._write_lock:
            write_event(event, self._writer)
