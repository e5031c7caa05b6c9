"""Speaks for Rhasspy 2: a text goes to the site that asked as one WAV, and the next one when that was played."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any
from uuid import uuid4

from ...errors import Busy, InvalidRequest, ShuttingDown, Stopped
from ...models.voices import VoiceCatalog
from ...speech.request import SpeechRequest
from .asker import words
from .connection import Connection
from .hermes_types import (
    DEFAULT_SITE,
    ERROR,
    LIST_VOICES,
    PLAYED,
    SAID,
    SAY,
    VOICES,
    BadMessage,
    ListVoicesMessage,
    PlayedMessage,
    SayMessage,
    is_level,
    play_topic,
    read_message,
    site_of,
)
from .lane import Lane
from .message import Message
from .parts import Parts
from .wav import Wav

_MOST_SITES = 100
_MOST_WAITING = 20
"""Texts that may wait at one site."""

_OVERHEAD = 8192
"""Bytes of a message for all that is not text."""

_LONGEST_ESCAPE = 12
_PATIENCE = 2.0
"""Seconds after the end of its audio in which a site may say that it has played it."""


class Hermes:
    """The text-to-speech part of a Rhasspy house."""

    def __init__(self, parts: Parts, connection: Connection) -> None:
        self._parts = parts
        self._connection = connection
        self._sites: dict[str, Lane] = {}
        """The sites that something is spoken to."""

        self._playing: dict[tuple[str, str], asyncio.Event] = {}
        """Audio that was sent to a site, to be set when it says that it was played."""

        self._stops = 0
        self._most = _OVERHEAD + _LONGEST_ESCAPE * parts.config.text.max_characters
        self._stopping = False

    def start(self) -> None:
        """Listen to sites."""
        for topic, handler in ((SAY, self._say), (PLAYED, self._played), (LIST_VOICES, self._list_voices)):
            self._connection.subscribe(topic, handler)

    async def stop(self) -> None:
        """Leave what is spoken and what waits; those who wait for it are told."""
        self._stopping = True
        await asyncio.gather(*(lane.stop() for lane in tuple(self._sites.values())))

    def stop_speaking(self) -> None:
        """Speak nothing that waits now."""
        self._stops += 1

    def _say(self, message: Message) -> None:
        try:
            if message.retain:
                raise BadMessage("A retained text would be spoken at each start: send it without retain")
            say = read_message(SayMessage, message.payload, self._most)
        except BadMessage as error:
            given = error.message
            site = given.get("siteId", DEFAULT_SITE)
            self._refuse(error, site if is_level(site) else DEFAULT_SITE, given.get("id"), given.get("sessionId"))
            return
        try:
            if self._stopping:
                raise ShuttingDown("The service is stopping")
            self._lane(say.site_id).put(partial(self._answer, say, self._stops))
        except (Busy, ShuttingDown) as error:
            self._refuse(error, say.site_id, say.id, say.session_id)

    def _lane(self, site: str) -> Lane:
        lane = self._sites.get(site)
        if lane is None:
            if len(self._sites) >= _MOST_SITES:
                raise Busy(f"{len(self._sites)} sites are spoken to already; try again later")
            lane = Lane(f"texts for {site}", _MOST_WAITING, lambda: self._forget(site))
            self._sites[site] = lane
        return lane

    def _forget(self, site: str) -> None:
        self._sites.pop(site, None)

    async def _answer(self, say: SayMessage, stops: int) -> None:
        """Speak a text and wait until it was heard; however it ends, whoever waits for the end is told."""
        try:
            if stops != self._stops:
                raise Stopped("It was stopped")
            if say.text.strip():
                await self._play(say, await self._speak(say))
        except asyncio.CancelledError:
            self._refuse(ShuttingDown("The service is stopping"), say.site_id, say.id, say.session_id)
            raise
        except Exception as error:
            self._refuse(error, say.site_id, say.id, say.session_id)
        else:
            self._said(say.site_id, say.id, say.session_id)

    async def _speak(self, say: SayMessage) -> Wav:
        speech = self._parts.speech
        speech.check_length(say.text)
        request = _request(say, await speech.voices())
        wav = Wav()
        async with speech.speak(request, say.text) as response:
            async for pcm in response.pcm():
                wav.add(pcm)
            wav.rate = response.rate
        return wav

    async def _play(self, say: SayMessage, wav: Wav) -> None:
        request = say.id if say.id and is_level(say.id) else uuid4().hex
        key = say.site_id, request
        played = self._playing[key] = asyncio.Event()
        try:
            audio = await asyncio.to_thread(wav.file, say.volume)
            self._connection.publish(play_topic(*key), audio, qos=0)
            async with asyncio.timeout(wav.seconds + _PATIENCE):
                await played.wait()
        except TimeoutError:
            # A player that does not say when it ends must not keep the dialogue from going on.
            return
        finally:
            del self._playing[key]

    def _played(self, message: Message) -> None:
        try:
            played = read_message(PlayedMessage, message.payload, _OVERHEAD)
        except InvalidRequest:
            return
        if event := self._playing.get((site_of(message.topic), played.id or "")):
            event.set()

    def _list_voices(self, message: Message) -> None:
        try:
            asked = read_message(ListVoicesMessage, message.payload, _OVERHEAD)
        except BadMessage as error:
            self._refuse(error, DEFAULT_SITE, None, None, ends=False)
            return
        voices = [
            {"voiceId": voice.name, "description": voice.voice.description or voice.name}
            for voice in self._parts.manager.catalog.voices.values()
        ]
        self._publish(VOICES, {"voices": voices, "id": asked.id, "siteId": asked.site_id})

    def _said(self, site: str, id: str | None, session: str | None) -> None:
        self._publish(SAID, {"siteId": site, "id": id, "sessionId": session})

    def _refuse(self, error: Exception, site: str, id: str | None, session: str | None, *, ends: bool = True) -> None:
        """Say what went wrong, and that it has ended: Rhasspy's dialogues wait for that."""
        text, _ = words(error)
        self._publish(ERROR, {"error": text, "siteId": site, "context": id, "sessionId": session})
        if ends:
            self._said(site, id, session)

    def _publish(self, topic: str, payload: dict[str, Any]) -> None:
        self._connection.publish(topic, json.dumps(payload), qos=0)


def _request(say: SayMessage, catalog: VoiceCatalog) -> SpeechRequest:
    """In Rhasspy, the language may also be the name of a voice."""
    named = catalog.find(say.lang) if say.lang else None
    return SpeechRequest(
        voice=say.lang if named else None,
        language=say.lang.replace("_", "-") if say.lang and not named else None,
        client=f"hermes {say.site_id}",
        front="mqtt",
    )
