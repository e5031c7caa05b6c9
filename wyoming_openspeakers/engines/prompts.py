"""Recordings that an engine clones from, and what it has made of them."""

from __future__ import annotations

import threading
import wave
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

import numpy as np

from .base import EngineError, Reference, Samples

Prompt = TypeVar("Prompt")

_MOST = 16
"""Voices of which what was derived is kept: some megabytes each on a GPU."""


class PromptCache(Generic[Prompt]):
    """What an engine derives from a recording, which takes time, kept for the next sentence.

    It goes by the recording's digest: of one that was changed nothing old can be used.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._prompts: OrderedDict[str, Prompt] = OrderedDict()

    def __len__(self) -> int:
        return len(self._prompts)

    def get(self, reference: Reference, make: Callable[[], Prompt]) -> Prompt:
        """What was made of a recording, made now where it is not there; the least used goes when there are many."""
        with self._lock:
            if (kept := self._prompts.get(reference.digest)) is not None:
                self._prompts.move_to_end(reference.digest)
                return kept
        made = make()
        with self._lock:
            self._prompts[reference.digest] = made
            while len(self._prompts) > self._most:
                self._prompts.popitem(last=False)
        return made

    def forget(self, digests: Collection[str]) -> None:
        """Drop what was made of recordings that are gone."""
        with self._lock:
            for digest in digests:
                self._prompts.pop(digest, None)


def read_reference(reference: Reference) -> tuple[int, Samples]:
    """A recording's rate and samples."""
    try:
        with wave.open(reference.path, "rb") as file:
            frames = file.readframes(file.getnframes())
            return file.getframerate(), np.frombuffer(frames, "<i2").astype(np.float32) / np.float32(32768)
    except (OSError, EOFError, wave.Error):
        text = "The recording of this voice is missing or damaged; upload it again"
        raise EngineError(text, "bad_parameter") from None
