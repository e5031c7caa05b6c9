"""One job while it is spoken: from the engine into its file."""

from __future__ import annotations

from typing import cast

from ..errors import SynthesisFailed
from ..events import SpeechEnded
from ..history.entry import Entry
from ..history.store import HistoryStore
from ..speech.audio.encode import HTTP_RATE
from ..speech.audio.formats import AudioFormat
from ..speech.service import SpeechService
from .audio_file import AudioFile
from .request import speech_request
from .track import Track
from .words_file import words_path, words_text


class Run:
    """Speaks one job; what is cancelled or fails leaves no file."""

    def __init__(self, entry: Entry, track: Track, speech: SpeechService, history: HistoryStore) -> None:
        self._entry = entry
        self._track = track
        self._speech = speech
        self._history = history
        self.ended: SpeechEnded | None = None
        """How the speaking went, as soon as it has ended."""

    async def speak(self) -> None:
        """Speak it; the audio is kept when this returns."""
        entry, text = self._entry, self._entry.text
        if not text or not entry.format:
            raise SynthesisFailed("The text of this job was not kept")
        audio_format = cast(AudioFormat, entry.format)
        file = AudioFile(lambda: self._history.new_file(entry.id, audio_format), audio_format, HTTP_RATE)
        try:
            self._track.tape = await file.begin()
            await self._speak(text, file)
            await self._history.keep(entry.id, await file.finish())
        except BaseException:
            await file.discard()
            raise
        finally:
            file.close()

    async def _speak(self, text: str, file: AudioFile) -> None:
        request = speech_request(self._entry, await self._speech.voices())
        response = self._speech.speak(request, text)
        try:
            async with response:
                async for pcm in response.pcm():
                    await file.write(pcm)
                    self._track.heard(response.progress)
                if request.words:
                    await file.write_beside(words_path, words_text(response.words))
        finally:
            self.ended = response.ended
