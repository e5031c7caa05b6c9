"""What a request says, in which voice: words to speak, each sentence as soon as it is known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace

from ..config import Config
from ..errors import SpeechError
from ..models.manager import ModelManager
from ..models.voices import ChosenVoice, VoiceCatalog
from .choose import VoiceChooser
from .request import SpeechRequest, TextFeed
from .sentences import sentences, whole_text
from .speakable import Speakable
from .text.ssml import SsmlItem, parse
from .text.stream import TextStream
from .text.tags import NONE, Tags

_LOGGER = logging.getLogger(__name__)

_DETECT_BY = 600
"""Characters of a text by which its language is told."""


@dataclass(frozen=True)
class Line:
    """A sentence, or a part of one, in words."""

    words: str
    voice: ChosenVoice
    language: str
    speed: float = 1.0
    pause_before: float = 0.0
    """Seconds on top of the usual pause."""

    written: int = 0
    """Characters of the text that it was made of."""

    text: str = ""
    """The text that it was made of, without markup."""


@dataclass(frozen=True)
class _Clean:
    """A sentence before it is put into words."""

    text: str
    language: str | None = None
    speed: float = 1.0
    pause_before: float = 0.0


class Script:
    """The lines of one request."""

    def __init__(
        self,
        request: SpeechRequest,
        text: str | TextFeed,
        config: Config,
        manager: ModelManager,
        chooser: VoiceChooser,
        speakable: Speakable,
    ) -> None:
        self.voice: asyncio.Future[ChosenVoice] = asyncio.get_running_loop().create_future()
        """Set before the first line, and also when there is none."""
        self._request = request
        self._text = text
        self._config = config
        self._manager = manager
        self._chooser = chooser
        self._speakable = speakable
        self._tags = NONE

    async def lines(self, audio_ahead: Callable[[], float]) -> AsyncGenerator[Line, None]:
        """Yield each line as soon as it is known; `audio_ahead` tells how long a listener can still wait."""
        request, catalog = self._request, self._manager.catalog
        if request.voice and not catalog.find(request.voice):
            catalog = await self._look_for(request.voice)
        self._tags = _tags_of(catalog)
        choice = None
        if isinstance(self._text, str) and not request.ssml:
            choice = self._choose(request, catalog, self._text[:_DETECT_BY])
        elif not self._chooser.needs_text(request, catalog):
            choice = self._choose(request, catalog)
        items: list[SsmlItem] = []
        if request.ssml:
            text = await whole_text(self._text, self._config.limits.text_gap)
            items = [item for item in await asyncio.to_thread(parse, text) if item.text or item.pause_after]
            choice = choice or self._choose_for(items, catalog)
        first_segment = (choice[0] if choice else catalog.default()).installed.entry.first_segment
        clean_text = self._ssml(items, first_segment) if request.ssml else self._plain(first_segment, audio_ahead)
        async for clean in clean_text:
            text = self._tags.keep(clean.text, ())
            choice = choice or self._choose(request, catalog, text)
            voice, language = choice
            if clean.language:
                voice, language = self._chooser.switch(voice, clean.language, catalog), clean.language
            has = voice.installed.capabilities
            if words := self._speakable.words(clean.text, language, self._tags, (*has.tags, *has.speaker_tags)):
                yield Line(words, voice, language, clean.speed, clean.pause_before, len(clean.text), text)
        if choice is None:
            self._choose(request, catalog)

    async def _look_for(self, voice: str) -> VoiceCatalog:
        """Look for a voice that was not there a moment ago."""
        try:
            return await self._manager.voices_with(voice)
        except SpeechError as error:
            if self._request.strict_voice:
                raise
            _LOGGER.warning("%s", error)
            return self._manager.catalog

    def _choose(self, request: SpeechRequest, catalog: VoiceCatalog, text: str = "") -> tuple[ChosenVoice, str]:
        choice = self._chooser.choose(request, catalog, text)
        self.voice.set_result(choice[0])
        return choice

    def _choose_for(self, items: list[SsmlItem], catalog: VoiceCatalog) -> tuple[ChosenVoice, str]:
        """Choose by the language that the text is marked with from its start, or else by what it says."""
        spoken = [item for item in items if item.text]
        language = spoken[0].language if spoken else None
        request = self._request if self._request.voice else replace(self._request, language=language)
        return self._choose(request, catalog, " ".join(item.text for item in spoken)[:_DETECT_BY])

    async def _plain(self, first_segment: int, audio_ahead: Callable[[], float]) -> AsyncGenerator[_Clean, None]:
        stream = self._speakable.stream(first_segment, tags=self._tags)
        async for sentence in self._sentences(self._text, stream, audio_ahead):
            yield _Clean(sentence)

    async def _ssml(self, items: list[SsmlItem], first_segment: int) -> AsyncGenerator[_Clean, None]:
        pause = 0.0
        # One for all items: whoever speaks before a pause goes on after it.
        stream = self._speakable.stream(first_segment, markup=False, tags=self._tags)
        for item in items:
            async for sentence in self._sentences(item.text, stream, lambda: 0.0):
                yield _Clean(sentence, item.language, item.rate, pause)
                pause = 0.0
            pause += item.pause_after

    def _sentences(
        self, text: str | TextFeed, stream: TextStream, audio_ahead: Callable[[], float]
    ) -> AsyncGenerator[str, None]:
        return sentences(
            text,
            stream,
            flush_after=self._config.text.flush_after,
            text_gap=self._config.limits.text_gap,
            audio_ahead=audio_ahead,
        )


def _tags_of(catalog: VoiceCatalog) -> Tags:
    """The marks that any voice knows: what one knows is read aloud by none."""
    able = {voice.model: voice.capabilities for voice in catalog.voices.values()}.values()
    sounds = [tag for has in able for tag in has.tags]
    speakers = [tag for has in able for tag in has.speaker_tags]
    return Tags(sounds, speakers) if sounds or speakers else NONE
