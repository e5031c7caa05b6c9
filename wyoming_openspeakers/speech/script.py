"""What a request says, in which voice: words to speak, each sentence as soon as it is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from ..config import Config
from ..models.manager import ModelManager
from ..models.voices import ChosenVoice
from .choose import VoiceChooser
from .request import SpeechRequest, TextFeed
from .sentences import sentences
from .speakable import Speakable
from .text.ssml import parse

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

    async def lines(self, audio_ahead: Callable[[], float]) -> AsyncGenerator[Line, None]:
        """Yield each line as soon as it is known; `audio_ahead` tells how long a listener can still wait."""
        request, catalog = self._request, self._manager.catalog
        if request.voice and not catalog.find(request.voice):
            catalog = await self._manager.voices()
        whole = self._text if isinstance(self._text, str) else ""
        choice = None
        if whole or not self._chooser.needs_text(request, catalog):
            choice = self._chooser.choose(request, catalog, whole[:_DETECT_BY])
            self.voice.set_result(choice[0])
        first_segment = (choice[0] if choice else catalog.default()).installed.entry.first_segment
        async for clean in self._clean(first_segment, audio_ahead):
            if choice is None:
                choice = self._chooser.choose(request, catalog, clean.text)
                self.voice.set_result(choice[0])
            voice, language = choice
            if words := self._speakable.words(clean.text, clean.language or language):
                yield Line(
                    words, voice, clean.language or language, clean.speed, clean.pause_before, len(clean.text)
                )
        if choice is None:
            self.voice.set_result(catalog.default())

    async def _clean(self, first_segment: int, audio_ahead: Callable[[], float]) -> AsyncGenerator[_Clean, None]:
        if self._request.ssml:
            async for clean in self._ssml(first_segment):
                yield clean
            return
        spoken = sentences(
            self._text,
            self._speakable.stream(first_segment),
            flush_after=self._config.text.flush_after,
            text_gap=self._config.limits.text_gap,
            audio_ahead=audio_ahead,
        )
        async for sentence in spoken:
            yield _Clean(sentence)

    async def _ssml(self, first_segment: int) -> AsyncGenerator[_Clean, None]:
        text = self._text
        if isinstance(text, TextFeed):
            pieces = []
            while (piece := await text.get()) is not None:
                pieces.append(piece)
            text = "".join(pieces)
        pause = 0.0
        for item in parse(text):
            stream = self._speakable.stream(first_segment, markup=False)
            for sentence in (*stream.feed(item.text), *stream.finish()):
                yield _Clean(sentence, item.language, item.rate, pause)
                pause, first_segment = 0.0, 0
            pause += item.pause_after
