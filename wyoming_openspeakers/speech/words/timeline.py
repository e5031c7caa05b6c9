"""The words of a response, found while it is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from ...engines.base import Audio
from ..audio.chain import Placed
from ..pieces import Sentence
from .timing import Said, spoken_words
from .word import SpokenWord

Read = Callable[[str, str], str]
"""Puts a text of a language into words."""


class Timeline:
    """Listens to the audio of sentence after sentence, and finds the words of each in a thread."""

    def __init__(self, read: Read) -> None:
        self.words: list[SpokenWord] = []
        """Those that are known so far, in order."""

        self._read = read
        self._heard: list[Audio] = []
        self._latest: asyncio.Task[None] | None = None

    def hear(self, audio: Audio) -> None:
        """Take in audio of a sentence as its engine made it."""
        self._heard.append(audio)

    def end_sentence(self, sentence: Sentence, placed: Placed, pace: float) -> None:
        """Begin to look for the words of the sentence that was heard."""
        heard, self._heard = self._heard, []
        if not heard or placed.end <= placed.begin:
            return
        told = tuple(word for audio in heard for word in audio.words)
        samples = np.concatenate([audio.samples for audio in heard])
        said = Said(sentence.text, sentence.words, samples, heard[0].rate, told, placed, pace)
        self._latest = asyncio.create_task(self._find(said, sentence.language, self._latest))

    async def settle(self) -> None:
        """Wait until all words are known."""
        if self._latest:
            await self._latest

    async def stop(self) -> None:
        """Look no further."""
        if self._latest:
            self._latest.cancel()
            await asyncio.gather(self._latest, return_exceptions=True)

    async def _find(self, said: Said, language: str, before: asyncio.Task[None] | None) -> None:
        if before:
            await before
        self.words += await asyncio.to_thread(spoken_words, said, lambda text: self._read(text, language))
