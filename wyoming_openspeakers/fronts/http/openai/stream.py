"""A text spoken to an HTTP client as it is made: the sound itself, or events with pieces of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Literal

from aiohttp import web

from ....errors import SpeechError
from ....speech.audio.encode import HTTP_RATE, encoded
from ....speech.audio.formats import MEDIA_TYPES, AudioFormat
from ....speech.response import Response
from .events import SSE_TYPE, audio_event, done_event, error_event

_LOGGER = logging.getLogger(__name__)

StreamFormat = Literal["audio", "sse"]

_STALLED_AFTER = 300.0
"""Seconds without reading after which a client is taken for dead; players may well pause."""

_PCM_WIDTH = 2


class _ListenerLeft(Exception):
    """There is nobody to write to."""


class SpeechStream:
    """One answer.

    Until its first sound is there, whatever goes wrong is raised and has a status of its own. Later it cuts the
    connection off before the end mark of the body, so that nobody takes half a text for all of it.
    """

    def __init__(
        self, request: web.Request, text: str, audio_format: AudioFormat, stream_format: StreamFormat = "audio"
    ) -> None:
        self._request = request
        self._text = text
        self._format = audio_format
        self._has_events = stream_format == "sse"
        content_type = SSE_TYPE if self._has_events else MEDIA_TYPES[audio_format]
        self._answer = web.StreamResponse(headers={"Content-Type": content_type, "X-Accel-Buffering": "no"})
        self._seconds = 0.0

    async def send(self, response: Response) -> web.StreamResponse:
        """Send all that is spoken; cancelling it, as the server does when the client hangs up, stops the engine."""
        try:
            async with response:
                await self._send(response)
        except _ListenerLeft:
            pass
        except SpeechError as error:
            if not (self._answer.prepared and self._has_events):
                raise
            _LOGGER.warning("%s: %s", self._request.remote, error)
            with suppress(_ListenerLeft):
                await self._write(error_event(error, self._request.path))
        return self._answer

    async def _send(self, response: Response) -> None:
        pcm = self._counted(response)
        # Encoders have headers to give before there is a sound, which must not go out before it.
        first = await anext(pcm)
        async with aclosing(pcm), aclosing(encoded(_whole(first, pcm), self._format, HTTP_RATE)) as audio:
            async for data in audio:
                if data:
                    await self._write(audio_event(data) if self._has_events else data)
        if self._has_events:
            await self._write(done_event(self._text, self._seconds))

    async def _counted(self, response: Response) -> AsyncGenerator[bytes, None]:
        async for pcm in response.pcm():
            self._seconds += len(pcm) / _PCM_WIDTH / HTTP_RATE
            yield pcm

    async def _write(self, data: bytes) -> None:
        try:
            if not self._answer.prepared:
                await self._answer.prepare(self._request)
            async with asyncio.timeout(_STALLED_AFTER):
                await self._answer.write(data)
        except ConnectionError:
            raise _ListenerLeft from None
        except TimeoutError:
            if self._request.transport:
                self._request.transport.abort()
            raise _ListenerLeft from None


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for more in rest:
        yield more
