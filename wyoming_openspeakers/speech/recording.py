"""Where the audio of responses is kept, for those who want to hear it again."""

from __future__ import annotations

from typing import Protocol

from .request import SpeechRequest


class Recording(Protocol):
    """The audio of one response, as it is made; never waits."""

    def write(self, pcm: bytes) -> None:
        """Add s16le mono."""

    def close(self, *, whole: bool) -> None:
        """It ends; `whole` when all of it was made."""


class Recorder(Protocol):
    """Decides what is kept."""

    def begin(self, job: str, request: SpeechRequest, rate: int) -> Recording | None:
        """A place for the audio of a response, None when it is not to be kept."""
