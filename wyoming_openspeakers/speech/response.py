"""One answer: sentences spoken ahead of the listener, in order, as one stream of audio."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from types import TracebackType
from typing import Final, Self, cast

from ..errors import Stopped
from ..events import JobKind, SpeechEnded
from ..models.manager import Turn
from ..models.queue import Urgency
from .audio.chain import AudioChain, ChainOptions
from .audio.pcm import silence
from .job_life import JobLife
from .listening import Listening
from .parts import SpeechParts
from .pieces import Piece, Sentence, Utterance, pitch_ratio
from .recording import ResponseRecording
from .request import SpeechRequest, TextFeed
from .script import Line, Script
from .words.timeline import Timeline
from .words.word import SpokenWord

_LOGGER = logging.getLogger(__name__)

_AHEAD = 2
"""Sentences in work at once: the one that is heard and the next."""

_ENDS_SENTENCE = tuple('.!?…。！？।"”»')

_CLAUSE_PAUSE = 0.3
"""The pause after a piece of a sentence, as a part of that after a whole one."""

_GAP_FILLER = 0.1
"""Seconds of silence that tell a player to go on waiting."""

_LONGEST_STEP = 2
"""Seconds of audio that are worked on before others get a turn."""

_PCM_WIDTH = 2

_KINDS: dict[Urgency, JobKind] = {Urgency.INTERACTIVE: "live", Urgency.JOB: "job", Urgency.BATCH: "batch"}

_MORE_COMES: Final = cast(Piece, object())


class Response:
    """The audio of one request; leaving its context stops all its work, down to the engine."""

    def __init__(self, parts: SpeechParts, request: SpeechRequest, text: str | TextFeed) -> None:
        self._parts = parts
        self._request = request
        self._text = text
        self._pieces: asyncio.Queue[Piece | Exception | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(_AHEAD)
        self._script = Script(request, text, parts.config, parts.manager, parts.chooser, parts.speakable)
        self._tasks: set[asyncio.Task[None]] = set()
        self._levels = parts.leveling.response()
        self._life = JobLife(parts.bus, request.client, request.job)
        self._turn = Turn(request.client, request.urgency, self._life.job, request.keep_alive, self._life.now)
        self._began = time.monotonic()
        self._recording = ResponseRecording(parts.recorder, self._life.job, request)
        self._playing: Piece | None = None
        self._stopped: Stopped | None = None
        self._listening = Listening()
        self._timeline = Timeline(parts.speakable.words) if request.words else None
        self._written = 0
        self._language: str | None = None
        self._in_work = 0
        """Sentences that were begun and are not sent to their end."""
        self._complete = False
        self.ended: SpeechEnded | None = None
        """How it went, once its context has been left."""

        self.rate = 0
        """Hertz of the audio; known when the first comes."""

    async def __aenter__(self) -> Self:
        self._life.now("queued", 0)
        self._start(self._produce())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        try:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._timeline:
                await self._timeline.stop()
        finally:
            # Whoever cannot wait for the end of it, as a connection that is lost, has it told all the same.
            if self._script.voice.done() and not self._script.voice.cancelled():
                # Its exception was raised through the pieces where nobody waited for the voice.
                self._script.voice.exception()
            self._report(error)

    @property
    def is_live(self) -> bool:
        """Somebody listens to it, and it has not ended."""
        return self.ended is None and self._request.urgency is Urgency.INTERACTIVE

    def stop(self, why: str) -> None:
        """Say no more: whoever takes the audio is told why."""
        self._stopped = Stopped(why)
        if self._playing:
            self._playing.fail(self._stopped)
        self._pieces.put_nowait(self._stopped)

    @property
    def progress(self) -> float:
        """How much of a whole text is spoken, from 0 to 1."""
        if self._complete:
            return 1.0
        return min(1.0, self._written / len(self._text)) if isinstance(self._text, str) and self._text else 0.0

    @property
    def words(self) -> list[SpokenWord]:
        """When each word is said, where the request asked for that; all of them once the audio has ended."""
        return self._timeline.words if self._timeline else []

    async def rate_ahead(self) -> int:
        """The audio's rate as soon as the voice is known, 0 when that takes the first audio."""
        voice = await asyncio.shield(self._script.voice)
        self.rate = self._request.output_rate or self._parts.config.audio.output_rate or voice.installed.voice.rate
        return self.rate

    async def pcm(self) -> AsyncIterator[bytes]:
        """The audio as s16le mono; always some, be it silence."""
        await self.rate_ahead()
        audio = self._parts.config.audio
        chain = AudioChain(
            ChainOptions(
                output_rate=self.rate or None,
                lead_silence=audio.lead_silence,
                tail_silence=audio.tail_silence,
                segment_pause=audio.sentence_pause,
                trim=audio.trim,
            )
        )
        while (piece := await self._next_piece()) is not None:
            if piece is _MORE_COMES:
                yield self._sent(silence(self.rate, _GAP_FILLER))
                continue
            async for pcm in self._play(piece, chain):
                self.rate = chain.rate or self.rate
                yield self._sent(pcm)
            self._in_work -= 1
            self._room.release()
            self._written += piece.written
        pcm = chain.finish()
        self.rate = chain.rate or self.rate
        self._complete = True
        yield self._sent(pcm)
        if self._timeline:
            await self._timeline.settle()
        self._levels.learn()

    async def _play(self, piece: Piece, chain: AudioChain) -> AsyncIterator[bytes]:
        voice = piece.sentence.voice
        heard = False
        self._playing = piece
        pitch = pitch_ratio(piece.sentence, self._request)
        async for audio in piece.audio():
            if self._timeline:
                self._timeline.hear(audio)
            if not heard:
                heard = True
                chain.begin_segment(
                    audio.rate,
                    self._levels.gain(voice),
                    trim=voice.installed.capabilities.pads_silence,
                    pause=piece.sentence.pause_before,
                    pitch=pitch,
                )
            for begin in range(0, len(audio.samples), step := _LONGEST_STEP * audio.rate):
                samples = audio.samples[begin : begin + step]
                self._levels.hear(voice, samples, audio.rate)
                if pcm := chain.feed(samples):
                    yield pcm
                if self._stopped:
                    raise self._stopped
        if heard and (pcm := chain.end_segment()):
            yield pcm
        if heard and self._timeline:
            self._timeline.end_sentence(piece.sentence, chain.placed, pitch)

    async def _next_piece(self) -> Piece | None:
        """The next sentence, None at the end, _MORE_COMES when it is time to tell the player to go on waiting."""
        patience = None
        gap = self._parts.config.audio.fill_gaps
        if gap and self._listening.first_audio is not None and isinstance(self._text, TextFeed):
            patience = self._listening.ahead + gap
        try:
            async with asyncio.timeout(patience):
                piece = self._stopped or await self._pieces.get()
        except TimeoutError:
            return _MORE_COMES
        # What was stopped meanwhile is not played.
        piece = self._stopped or piece
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def _produce(self) -> None:
        """Turn the text into sentences and start to speak each when there is room."""
        try:
            await self._speak_lines()
        except Exception as error:
            if not self._script.voice.done():
                self._script.voice.set_exception(error)
            self._pieces.put_nowait(error)
        else:
            self._pieces.put_nowait(None)

    async def _speak_lines(self) -> None:
        previous = ""
        async with aclosing(self._script.lines(self._audio_promised)) as lines:
            async for line in lines:
                await self._room.acquire()
                await self._speak(line, previous)
                previous = line.words

    async def _speak(self, line: Line, previous: str) -> None:
        pause = self._parts.config.audio.sentence_pause
        if not previous.endswith(_ENDS_SENTENCE):
            pause *= _CLAUSE_PAUSE
        speed = (self._request.speed or self._parts.manager.defaults.speed) * line.speed
        sentence = Sentence(
            line.words,
            line.voice,
            line.language,
            speed=speed,
            pause_before=pause + line.pause_before,
            needed_in=self._listening.promise(line.words, speed),
            text=line.text,
        )
        piece = Piece(sentence, line.written)
        utterance = Utterance(sentence, self._request, self._turn, self._parts.manager, self._parts.cache)
        self._life.speaks_with(line.voice)
        self._language = self._language or line.language
        await utterance.look()
        self._start(piece.fill(utterance.audio()))
        self._in_work += 1
        self._pieces.put_nowait(piece)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _audio_promised(self) -> float:
        """Seconds that cannot have been heard yet, with the sentences that are in work, as far as that can be told."""
        return max(self._listening.ahead, self._listening.promised if self._in_work else 0.0)

    def _sent(self, pcm: bytes) -> bytes:
        self._listening.sent(len(pcm) / _PCM_WIDTH / self.rate)
        self._recording.write(pcm, self.rate)
        return pcm

    def _report(self, error: BaseException | None) -> None:
        chosen = None
        if self._script.voice.done() and not self._script.voice.cancelled() and not self._script.voice.exception():
            chosen = self._script.voice.result().installed
        self._recording.close(whole=self._complete and error is None)
        is_failure = isinstance(error, Exception) and not isinstance(error, Stopped)
        first_audio = self._listening.first_audio
        began_at = self._life.began_at or first_audio
        ended = SpeechEnded(
            client=self._request.client,
            voice=chosen.name if chosen else None,
            characters=self._written,
            first_audio=None if first_audio is None else first_audio - self._began,
            total=time.monotonic() - self._began,
            audio=self._listening.seconds,
            error=(str(error) or type(error).__name__) if is_failure else None,
            left=not self._complete and not is_failure,
            job=self._life.job,
            kind=_KINDS[self._request.urgency],
            front=self._request.front,
            model=chosen.model if chosen else None,
            profile=chosen.profile.id if chosen and chosen.profile else None,
            language=self._language,
            text=self._text if isinstance(self._text, str) else self._text.text,
            queued=None if began_at is None else began_at - self._began,
        )
        self.ended = ended
        self._life.end(ended)
        # A command ends with its error.
        is_worth_a_warning = ended.error and self._request.front != "cli"
        _LOGGER.log(logging.WARNING if is_worth_a_warning else logging.INFO, "%s", ended)
        self._parts.bus.publish(ended)
