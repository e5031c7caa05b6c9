"""The speech service: the one thing that every front talks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from weakref import WeakSet

from ..config import Config
from ..config.values import parse_keep_alive
from ..errors import InvalidRequest, ModelUnavailable, ShuttingDown, TextTooLong
from ..events import Event, EventBus, VoicesChanged
from ..models.manager import ModelManager
from ..models.voices import VoiceCatalog
from .audio.voice_loudness import VoiceLoudness
from .cache import PhraseCache
from .choose import VoiceChooser
from .leveling import Leveling
from .parts import SpeechParts
from .phrase_key import owner_prefix
from .recording import Recorder
from .request import SpeechRequest, TextFeed
from .response import Response
from .script import Script
from .speakable import Speakable


class SpeechService:
    """Speaks texts with the voices of all models."""

    def __init__(
        self, config: Config, manager: ModelManager, bus: EventBus, recorder: Recorder | None = None
    ) -> None:
        data, target = config.data_path, config.audio.loudness
        self._config = config
        self._manager = manager
        self.cache = PhraseCache(
            data / "cache" / "phrases", config.cache.max_megabytes * 1_000_000 if config.cache.enabled else 0
        )
        loudness = None if target is None else VoiceLoudness(data / "loudness.json", target=target)
        self._parts = SpeechParts(
            config=config,
            manager=manager,
            chooser=VoiceChooser(config.voice, config.text),
            speakable=Speakable(config.text),
            cache=self.cache,
            leveling=Leveling(loudness),
            bus=bus,
            recorder=recorder,
        )
        bus.subscribe(self._hear)
        self._forgetting: set[asyncio.Task[int]] = set()
        self._responses: WeakSet[Response] = WeakSet()
        self._warming: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Read what was kept from earlier runs, and get ready for the first sentence."""
        await self.cache.start()
        await self._parts.leveling.start()
        self._warming = asyncio.create_task(asyncio.to_thread(self._warm))

    def _warm(self) -> None:
        """Build what the first sentence would wait for."""
        catalog = self._manager.catalog
        with suppress(ModelUnavailable):
            self._parts.speakable.warm(catalog.default().language)
        self._parts.chooser.warm(catalog)

    async def warmed(self) -> None:
        """Wait until the first sentence has nothing to wait for."""
        if self._warming:
            await asyncio.wait([self._warming])

    def refuse_more(self) -> None:
        """Take no more requests."""
        self._stopping = True

    async def stop(self) -> None:
        """Write what shall be kept."""
        if self._warming:
            await self._warming
        await asyncio.gather(*self._forgetting, return_exceptions=True)
        await self._parts.leveling.stop()
        await self.cache.stop()

    def _hear(self, event: Event) -> None:
        if isinstance(event, VoicesChanged) and event.forget:
            prefix = owner_prefix(event.profile)
            removing = asyncio.create_task(self.cache.remove(lambda key: key.startswith(prefix)), name="forget a voice")
            self._forgetting.add(removing)
            removing.add_done_callback(self._forgetting.discard)

    async def voices(self) -> VoiceCatalog:
        """All voices that can be used now."""
        return await self._manager.voices()

    def check_length(self, text: str) -> None:
        """Raise when a text is longer than the service takes."""
        most = self._config.text.max_characters
        if len(text) > most:
            raise TextTooLong(f"The text has {len(text)} characters; at most {most} are taken")

    def text_feed(self) -> TextFeed:
        """A feed for a text that comes piece by piece."""
        return TextFeed(self._config.text.max_characters)

    async def script(self, request: SpeechRequest, text: str) -> AsyncIterator[str]:
        """What would be spoken, a segment at a time."""
        parts = self._parts
        script = Script(request, text, parts.config, parts.manager, parts.chooser, parts.speakable)
        async for line in script.lines(lambda: 0.0):
            yield line.words

    def speak(self, request: SpeechRequest, text: str | TextFeed) -> Response:
        """Speak a text: a context manager that gives PCM as it is made, and stops everything when it is left."""
        if self._stopping:
            raise ShuttingDown("The service is stopping")
        if request.keep_alive is not None:
            try:
                parse_keep_alive(request.keep_alive)
            except ValueError as error:
                raise InvalidRequest(f"keep_alive {error}") from None
        response = Response(self._parts, request, text)
        self._responses.add(response)
        return response

    def stop_speaking(self) -> int:
        """Stop all that is being spoken to somebody who listens; how many that were."""
        speaking = [response for response in self._responses if response.is_live]
        for response in speaking:
            response.stop("It was stopped")
        return len(speaking)
