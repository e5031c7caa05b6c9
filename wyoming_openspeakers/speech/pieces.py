"""Sentences in work: each is spoken into its own queue while earlier ones are heard."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from .. import __version__
from ..engines.base import Audio
from ..models.manager import ModelManager, Turn
from ..models.voices import ChosenVoice, InstalledVoice
from ..worker.protocol import Speak
from .cache import PhraseCache
from .phrase_folder import CachedPhrase
from .phrase_key import phrase_key
from .request import SpeechRequest

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sentence:
    """Words to speak in one go."""

    words: str
    voice: ChosenVoice
    language: str
    speed: float = 1.0

    pause_before: float | None = None
    """Seconds, where it is not the usual pause."""

    needed_in: float = 0.0
    """Seconds until a listener needs its audio, as far as can be told."""

    text: str = ""
    """What was written, without markup."""


@dataclass(eq=False)
class Piece:
    """A sentence and its audio as it comes."""

    sentence: Sentence
    written: int
    """Characters of the text that it was made of."""

    _arrived: asyncio.Queue[Audio | Exception | None] = field(default_factory=asyncio.Queue)

    async def audio(self) -> AsyncIterator[Audio]:
        """The audio as it comes; raises what went wrong where it went wrong."""
        while (item := await self._arrived.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def fail(self, error: Exception) -> None:
        """Raise this where its audio is taken."""
        self._arrived.put_nowait(error)

    async def fill(self, source: AsyncGenerator[Audio, None]) -> None:
        """Take audio from a source until it ends."""
        try:
            async with aclosing(source):
                async for audio in source:
                    self._arrived.put_nowait(audio)
        except Exception as error:
            self._arrived.put_nowait(error)
        else:
            self._arrived.put_nowait(None)


class Utterance:
    """A sentence on its way: looked for in the cache first, then spoken by its engine.

    Two steps, because sentences must come to an engine in their order, and the cache answers in its own.
    """

    def __init__(
        self, sentence: Sentence, request: SpeechRequest, turn: Turn, manager: ModelManager, cache: PhraseCache
    ) -> None:
        self._speak = _message(sentence, request)
        self._key = _key(sentence, self._speak)
        self._request = request
        self._turn = turn
        self._manager = manager
        self._cache = cache
        self._phrase: CachedPhrase | None = None

    async def look(self) -> None:
        """Look into the cache."""
        if self._request.use_cache:
            self._phrase = await self._cache.get(self._key)

    async def audio(self) -> AsyncGenerator[Audio, None]:
        """What was found, or what the engine says, which is kept for the next time."""
        if self._phrase:
            yield Audio(self._phrase.samples, self._phrase.rate)
            return
        spoken: list[Audio] = []
        async with aclosing(self._manager.speak(self._speak, self._turn)) as chunks:
            async for audio in chunks:
                spoken.append(audio)
                yield audio
        if not spoken and any(map(str.isalnum, self._speak.text)):
            speak = self._speak
            _LOGGER.warning(
                "%s/%s said nothing at all to %d characters, read as %s: it may not know such letters",
                speak.model, speak.voice, len(speak.text), speak.language,
            )  # fmt: skip
        if self._request.use_cache and spoken:
            self._cache.put(self._key, spoken[0].rate, np.concatenate([audio.samples for audio in spoken]))


def _message(sentence: Sentence, request: SpeechRequest) -> Speak:
    voice = sentence.voice
    installed, style = voice.installed, voice.installed.style
    slowest, fastest = installed.capabilities.speed or (1.0, 1.0)
    # A higher pitch is what is spoken more slowly and played faster.
    speed = sentence.speed * style.speed / pitch_ratio(sentence, request)
    return Speak(
        id=0,
        model=voice.model,
        text=sentence.words,
        voice=voice.engine_voice,
        speaker=voice.speaker,
        language=sentence.language,
        speed=min(max(speed, slowest), fastest),
        seed=_seed(installed, request),
        parameters={**installed.entry.parameters, **style.parameters, **request.parameters},
        references=installed.references,
        design=installed.design,
        instructions=request.instructions or style.instructions if installed.capabilities.instructions else "",
        client=request.client,
        urgency=int(request.urgency),
        needed_in=sentence.needed_in,
    )


def _seed(installed: InstalledVoice, request: SpeechRequest) -> int | None:
    seed = installed.style.seed if request.seed is None else request.seed
    if seed is None and installed.capabilities.voice_by_seed and not installed.references:
        # A voice is the same person in every sentence and on every day.
        return zlib.crc32(installed.name.encode())
    return seed


def pitch_ratio(sentence: Sentence, request: SpeechRequest) -> float:
    """How much higher than the voice's own the audio is to be played."""
    installed = sentence.voice.installed
    if installed.capabilities.speed is None:
        return 1.0
    ratio: float = 2 ** ((request.pitch + installed.style.pitch) / 12)
    return ratio


def _key(sentence: Sentence, speak: Speak) -> str:
    voice = sentence.voice.installed
    owner = voice.profile.id if voice.profile and voice.references else ""
    return phrase_key(
        owner,
        service=__version__,
        model=speak.model,
        revision=[voice.entry.hub.revision if voice.entry.hub else "", voice.voice.revision],
        voice=[speak.voice, speak.speaker, speak.language, [r.digest for r in speak.references], speak.design],
        text=speak.text,
        sound=[speak.speed, speak.seed, speak.parameters, speak.instructions],
    )
