"""Speaks texts that came as commands: the house is told where the audio is when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from ...errors import Busy, NotFound, ShuttingDown, SpeechError, Stopped, SynthesisFailed
from ...events import Event, SpeechEnded
from ...jobs.check import check
from ...jobs.jobs import JobRequest
from ...jobs.request import new_entry, speech_request
from ...models.queue import Urgency
from ...models.voices import VoiceCatalog
from ...speech.named import find_voice, full_name
from ...speech.response import Response
from .asker import Asker
from .command_types import SayCommand
from .parts import Parts

CLIENT = "mqtt"

_MOST_LIVE = 32
"""Texts that are spoken at once before those that wait for files; one more is answered `busy`."""

_LOOK = 0.03
"""Seconds between looks whether the audio of a text that was spoken is a file yet."""

_MOST_LOOKS = 300


class Say:
    """Has texts spoken: those that somebody waits to hear at once, others as jobs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        history = parts.config.history
        self._keeps_live = history.enabled and history.audio == "all"
        self._live: set[str] = set()
        self._jobs: dict[str, str | None] = {}
        """Jobs that were asked for here and are not over, and the voices that speak them."""

        self._stops = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Listen to how jobs go."""
        self._unsubscribe = self._parts.bus.subscribe(self._see)

    async def stop(self) -> None:
        """Leave texts that are being spoken; jobs go on when the service does."""
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def stops(self) -> int:
        """How often all speech was stopped: a text that came before the last time is not spoken."""
        return self._stops

    def knows_voice(self, command: SayCommand) -> bool:
        """Whether the voice is at hand, as far as that can be told without a look."""
        catalog = self._parts.manager.catalog
        return all(catalog.find(name) for name in (command.model, command.voice) if name)

    def stop_speaking(self) -> None:
        """Stop what is being spoken, to anybody, and what was to be spoken from here."""
        self._stops += 1
        self._parts.speech.stop_speaking()
        # Those that wait first, or they would take the place of those that run.
        for job in sorted(self._jobs, key=lambda job: self._parts.jobs.position(job) is None):
            self._begin(self._cancel(job))

    async def take(self, command: SayCommand, asker: Asker, stops: int) -> None:
        """Check a text and begin to speak it; raises when that cannot be. `stops` is from when it came."""
        manager = self._parts.manager
        await manager.voices()
        chosen = await find_voice(manager, command.model or "", command.voice or "", command.language or None)
        request = _job_request(command, full_name(chosen) if chosen else None)
        if command.priority == "interactive" and (self._keeps_live or not self._parts.url()):
            self._take_live(request, manager.catalog, asker, stops)
        else:
            await self._take_job(request, asker, stops, is_batch=command.priority == "batch")

    def _take_live(self, request: JobRequest, catalog: VoiceCatalog, asker: Asker, stops: int) -> None:
        if len(self._live) >= _MOST_LIVE:
            raise Busy(f"{len(self._live)} texts are being spoken already; try again later")
        self._parts.speech.check_length(request.text)
        entry = new_entry(request, check(request, catalog), None, 0)
        self._refuse_stopped(stops)
        how = replace(speech_request(entry, catalog), urgency=Urgency.INTERACTIVE)
        response = self._parts.speech.speak(how, request.text)
        asker.say("accepted", entry.id, voice=entry.voice)
        self._live.add(entry.id)
        self._begin(self._speak(entry.id, response, asker, request.format))

    async def _take_job(self, request: JobRequest, asker: Asker, stops: int, *, is_batch: bool) -> None:
        jobs = self._parts.jobs
        self._refuse_stopped(stops)
        (entry,) = await jobs.submit_batch([request]) if is_batch else [await jobs.submit(request)]
        self._jobs[entry.id] = entry.voice
        asker.say("accepted", entry.id, voice=entry.voice)
        self._begin(self._watch(entry.id, asker))
        if stops != self._stops:
            self._begin(self._cancel(entry.id))

    def _refuse_stopped(self, stops: int) -> None:
        if stops != self._stops:
            raise Stopped("It was stopped")

    async def _speak(self, id: str, response: Response, asker: Asker, format: str) -> None:
        try:
            async with response:
                async for _ in response.pcm():
                    pass
            ended = response.ended
            assert ended
            is_kept = bool(self._parts.url()) and await self._is_kept(id)
            url = self._url(f"/api/history/{id}/audio?format={format}") if is_kept else None
            asker.say("complete", id, url=url, duration=ended.audio, voice=ended.voice)
        except asyncio.CancelledError:
            asker.fail(id, ShuttingDown("The service is stopping"))
            raise
        except Exception as error:
            asker.fail(id, error)
        finally:
            self._live.discard(id)

    async def _watch(self, id: str, asker: Asker) -> None:
        try:
            async with aclosing(self._parts.jobs.watch(id)) as events:
                async for event in events:
                    voice = self._jobs.get(id)
                    match event.type:
                        case "complete":
                            url = self._url(f"/api/tts/jobs/{id}/audio")
                            asker.say("complete", id, url=url, duration=event.data["duration"], voice=voice)
                        case "failed":
                            asker.fail(id, SynthesisFailed(event.data["error"]), voice)
                        case "cancelled":
                            asker.fail(id, Stopped("It was stopped"), voice)
        except Exception as error:
            asker.fail(id, error)
        finally:
            self._jobs.pop(id, None)

    async def _is_kept(self, id: str) -> bool:
        """Wait until the history has the audio, which it writes beside the speaking."""
        for _ in range(_MOST_LOOKS):
            if await self._has_audio(id):
                return True
            await asyncio.sleep(_LOOK)
        return False

    async def _has_audio(self, id: str) -> bool:
        with suppress(NotFound):
            async with aclosing(self._parts.jobs.watch(id)) as events:
                async for event in events:
                    if event.type == "audio_chunk":
                        return True
        return False

    async def _cancel(self, job: str) -> None:
        # It may have ended in the same moment.
        with suppress(SpeechError):
            await self._parts.jobs.cancel(job)

    def _see(self, event: Event) -> None:
        if isinstance(event, SpeechEnded) and event.job in self._jobs:
            self._jobs[event.job] = event.voice

    def _url(self, path: str) -> str | None:
        base = self._parts.url().rstrip("/")
        return f"{base}{self._parts.sign(path)}" if base else None

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="mqtt say")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _job_request(command: SayCommand, voice: str | None) -> JobRequest:
    return JobRequest(
        text=command.text,
        voice=voice,
        language=command.language or None,
        speed=command.speed,
        pitch=command.pitch or 0.0,
        format=command.format,
        keep_alive=command.keep_alive,
        client=CLIENT,
        front="mqtt",
    )
