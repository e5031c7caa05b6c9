"""One client's connection: reads while it speaks, so that a client that leaves is noticed at once."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_write_event
from wyoming.ping import Pong
from wyoming.tts import SynthesizeStopped

from ...errors import InvalidRequest, SpeechError
from ...speech.request import SpeechRequest, TextFeed
from ...speech.service import SpeechService
from .framing import FramingError, read_event
from .info import info_event

_LOGGER = logging.getLogger(__name__)
_NUMBERS = itertools.count(1)
_SAMPLES_PER_CHUNK = 4096
_WIDTH = 2
_STALLED_AFTER = 300.0
"""Seconds without reading after which a client is taken for dead; players may well pause."""

_Job = tuple[SpeechRequest, str | TextFeed]


class Connection:
    """Answers one client until it leaves."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        speech: SpeechService,
        program: str,
        peer: str,
    ) -> None:
        self.peer = peer
        self._client = f"wyoming/{peer}/{next(_NUMBERS)}"
        self._reader = reader
        self._writer = writer
        self._speech = speech
        self._program = program
        self._write_lock = asyncio.Lock()
        self._jobs: deque[_Job] = deque()
        self._speaker: asyncio.Task[None] | None = None
        self._feed: TextFeed | None = None
        """The text stream that is open."""
        self._hung_up = False
        self._answers: dict[str, Callable[[Event], Awaitable[None]]] = {
            "describe": self._describe,
            "ping": self._ping,
            "select-program": self._select_program,
            "synthesize": self._synthesize,
            "synthesize-start": self._synthesize_start,
            "synthesize-chunk": self._synthesize_chunk,
            "synthesize-stop": self._synthesize_stop,
        }

    @property
    def speaking(self) -> asyncio.Task[None] | None:
        """The task that speaks, while it does."""
        return self._speaker if self._speaker and not self._speaker.done() else None

    async def run(self) -> None:
        """Serve until the client leaves, sends what cannot be read or a request fails."""
        self._reading = asyncio.create_task(self._read(), name=f"read from {self.peer}")
        try:
            await self._reading
        except asyncio.CancelledError:
            if not self._hung_up:
                raise
        finally:
            await self.close()

    async def _read(self) -> None:
        try:
            while not self._hung_up and (event := await read_event(self._reader)):
                if answer := self._answers.get(event.type):
                    await self._answer(answer, event)
        except FramingError as error:
            _LOGGER.warning("%s: %s", self.peer, error)
            await self._send_error(error)
        except ConnectionError:
            pass

    async def close(self) -> None:
        """Stop speaking and hang up."""
        try:
            if self._speaker:
                self._speaker.cancel()
                await asyncio.gather(self._speaker, return_exceptions=True)
        finally:
            self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def refuse(self, error: SpeechError) -> None:
        """Tell the client why nothing more comes, and hang up."""
        await self._send_error(error)
        await self.close()

    async def _answer(self, answer: Callable[[Event], Awaitable[None]], event: Event) -> None:
        try:
            await answer(event)
        except SpeechError as error:
            _LOGGER.warning("%s: %s", self.peer, error)
            await self._send_error(error)
            if self._feed or event.type in ("synthesize", "synthesize-start"):
                # Somebody waits for audio that will not come.
                self._hang_up()

    async def _describe(self, event: Event) -> None:
        await self._send(info_event(await self._speech.voices(), self._program))

    async def _ping(self, event: Event) -> None:
        text = event.data.get("text")
        await self._send(Pong(text=text if isinstance(text, str) else None).event())

    async def _select_program(self, event: Event) -> None:
        name = event.data.get("name")
        if name != self._program:
            raise InvalidRequest(f"There is no program {str(name)[:80]!r}; this service is {self._program!r}")

    async def _synthesize(self, event: Event) -> None:
        if self._feed:
            # Inside a stream it repeats the whole text, for servers that do not stream.
            return
        text = _text(event)
        self._speech.check_length(text)
        self._enqueue(self._request(event), text)

    async def _synthesize_start(self, event: Event) -> None:
        request = self._request(event)
        if self._feed:
            await self._abandon_stream()
        self._feed = self._speech.text_feed()
        self._enqueue(request, self._feed)

    async def _synthesize_chunk(self, event: Event) -> None:
        if self._feed is None:
            raise InvalidRequest("synthesize-chunk came without a synthesize-start before it")
        self._feed.put(_text(event))

    async def _synthesize_stop(self, event: Event) -> None:
        if self._feed is None:
            raise InvalidRequest("synthesize-stop came without a synthesize-start before it")
        self._feed.close()
        self._feed = None

    async def _abandon_stream(self) -> None:
        """Forget a stream that its client began anew; it is always the last in line."""
        self._feed = None
        if self._jobs:
            self._jobs.pop()
        elif self._speaker:
            self._speaker.cancel()
            await asyncio.gather(self._speaker, return_exceptions=True)

    def _request(self, event: Event) -> SpeechRequest:
        voice = event.data.get("voice") or {}
        if not isinstance(voice, dict):
            raise InvalidRequest("voice must be an object with a name, a language or both")
        # Ours alone: what a client may say about a request besides Wyoming's own fields.
        context = event.data.get("context")
        ours = context if isinstance(context, dict) else {}
        return SpeechRequest(
            voice=_string(voice, "name"),
            speaker=_string(voice, "speaker"),
            language=_string(voice, "language"),
            ssml=event.data.get("text_format") == "ssml",
            strict_voice=False,
            use_cache=ours.get("cache") is not False,
            keep_alive=ours.get("keep_alive"),
            client=self._client,
            front="wyoming",
        )

    def _enqueue(self, request: SpeechRequest, text: str | TextFeed) -> None:
        self._jobs.append((request, text))
        if not self.speaking:
            self._speaker = asyncio.create_task(self._speak_all(), name=f"speak to {self.peer}")

    async def _speak_all(self) -> None:
        """Speak what was asked, one after the other; after a failure nothing on this connection can be trusted."""
        try:
            while self._jobs:
                request, text = self._jobs.popleft()
                await self._speak(request, text)
        except (ConnectionError, TimeoutError):
            self._hang_up()
        except SpeechError as error:
            # The log has it already, with all that is known of the request.
            await self._fail(error)
        except Exception:
            _LOGGER.exception("%s: a request failed", self.peer)
            await self._fail(SpeechError("Something went wrong inside the service; its log tells more"))

    async def _speak(self, request: SpeechRequest, text: str | TextFeed) -> None:
        async with self._speech.speak(request, text) as response:
            started = False
            if rate := await response.rate_ahead():
                await self._send(AudioStart(rate=rate, width=_WIDTH, channels=1).event())
                started = True
            async for pcm in response.pcm():
                if not started:
                    await self._send(AudioStart(rate=response.rate, width=_WIDTH, channels=1).event())
                    started = True
                step = _SAMPLES_PER_CHUNK * _WIDTH
                for begin in range(0, len(pcm), step):
                    chunk = AudioChunk(
                        rate=response.rate, width=_WIDTH, channels=1, audio=pcm[begin : begin + step]
                    )
                    await self._send(chunk.event())
            await self._send(AudioStop().event())
            if isinstance(text, TextFeed):
                await self._send(SynthesizeStopped().event())

    async def _fail(self, error: SpeechError) -> None:
        # Without audio-stop: Home Assistant would keep half a sentence in its cache.
        await self._send_error(error)
        self._hang_up()

    def _hang_up(self) -> None:
        """End the connection from within: `run` cleans up."""
        self._hung_up = True
        self._reading.cancel()

    async def _send_error(self, error: SpeechError) -> None:
        with suppress(ConnectionError, TimeoutError):
            await self._send(Error(text=str(error), code=error.code).event())

    async def _send(self, event: Event) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError
        async with self._write_lock, asyncio.timeout(_STALLED_AFTER):
            await async_write_event(event, self._writer)


def _text(event: Event) -> str:
    text = event.data.get("text")
    if not isinstance(text, str):
        raise InvalidRequest(f"{event.type} needs a text")
    return text


def _string(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"voice.{name} must be a string")
    return value or None

