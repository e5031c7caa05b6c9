"""When each word of a job is said: as JSON and as subtitles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from ....errors import Conflict, NotFound
from ....history.entry import Entry
from ....history.store import HistoryStore
from ....jobs.words_file import read_words
from ....speech.words.subtitles import to_srt, to_vtt
from ....speech.words.word import SpokenWord
from ..api import Call, Media, Operation
from .file_names import disposition, file_name
from .kept_audio import kept_file

_SUBTITLES: dict[str, tuple[str, Callable[[Sequence[SpokenWord]], str], str]] = {
    "srt": ("application/x-subrip", to_srt, "SubRip subtitles"),
    "vtt": ("text/vtt", to_vtt, "WebVTT subtitles, with the time of each word"),
}


class WordTime(BaseModel):
    """A word as it was written, with its punctuation."""

    text: str
    start: float = Field(description="Seconds of the audio.")
    end: float


class JobWords:
    """`/api/tts/jobs/{id}/words`."""

    def __init__(self, history: HistoryStore, entry_of: Callable[[Call[Any, Any]], Awaitable[Entry]]) -> None:
        self._history = history
        self._entry_of = entry_of

    def operations(self, path: str, tag: str, id_meaning: dict[str, str]) -> Sequence[Operation]:
        """The words in each form."""
        errors = (NotFound, Conflict)
        return (
            Operation(
                "GET", path, self._words, "When each word of a job is said", tag,
                answer=list[WordTime], errors=errors, parameters=id_meaning,
            ),
            *(
                Operation(
                    "GET", f"{path}.{suffix}", self._as_subtitles(suffix), f"{what} of a job", tag,
                    answer=Media((media_type,), f"{what}."), errors=errors, parameters=id_meaning,
                )
                for suffix, (media_type, _, what) in _SUBTITLES.items()
            ),
        )  # fmt: skip

    async def _words(self, call: Call[Any, Any]) -> list[WordTime]:
        words = await self._read(await self._entry_of(call))
        return [WordTime(text=word.text, start=word.start, end=word.end) for word in words]

    def _as_subtitles(self, suffix: str) -> Callable[[Call[Any, Any]], Awaitable[web.StreamResponse]]:
        media_type, write, _ = _SUBTITLES[suffix]

        async def answer(call: Call[Any, Any]) -> web.StreamResponse:
            entry = await self._entry_of(call)
            text = write(await self._read(entry))
            headers = {"Content-Disposition": disposition(file_name(entry.text, suffix))}
            return web.Response(text=text, content_type=media_type, charset="utf-8", headers=headers)

        return answer

    async def _read(self, entry: Entry) -> list[SpokenWord]:
        path = kept_file(entry, self._history)
        words = await asyncio.to_thread(read_words, path)
        if words is None:
            raise NotFound(f"The times of the words of {entry.id} were not asked for: send `words` with the job")
        return words
