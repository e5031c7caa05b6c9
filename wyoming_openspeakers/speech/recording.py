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


class ResponseRecording:
    """What is kept of one response; begins with its first audio."""

    def __init__(self, recorder: Recorder | None, job: str, request: SpeechRequest) -> None:
        self._recorder = recorder
        self._job = job
        self._request = request
        self._recording: Recording | None = None

    def write(self, pcm: bytes, rate: int) -> None:
        """Add s16le mono of so many hertz."""
        if self._recorder:
            self._recording = self._recorder.begin(self._job, self._request, rate)
            self._recorder = None
        if self._recording:
            self._recording.write(pcm)

    def close(self, *, whole: bool) -> None:
        """It ends."""
        if self._recording:
            self._recording.close(whole=whole)
