"""Sentences out of text that comes at once or bit by bit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

from ..errors import Timeout
from .request import TextFeed
from .text.stream import TextStream

_SLICE = 2000
"""Characters of a long text that are worked on before others get a turn."""


async def sentences(
    text: str | TextFeed,
    stream: TextStream,
    *,
    flush_after: float,
    text_gap: float,
    audio_ahead: Callable[[], float],
) -> AsyncGenerator[str, None]:
    """Yield each sentence as soon as it is known.

    When the text pauses inside a sentence, what is there is spoken after `flush_after` seconds, but not as long as
    the listener still has `audio_ahead` seconds to hear: a whole sentence sounds better than its halves.
    """
    if isinstance(text, str):
        for begin in range(0, len(text), _SLICE):
            for sentence in stream.feed(text[begin : begin + _SLICE]):
                yield sentence
            await asyncio.sleep(0)
    else:
        flushed = True
        waits_since = time.monotonic()
        while True:
            may_flush = stream.pending and not flushed
            waited = time.monotonic() - waits_since
            patience = text_gap - waited
            if may_flush:
                patience = min(patience, max(flush_after - waited, audio_ahead()))
            try:
                async with asyncio.timeout(patience):
                    piece = await text.get()
            except TimeoutError:
                waited = time.monotonic() - waits_since
                if waited >= text_gap:
                    raise _nothing_came(text_gap) from None
                # Audio may have come since the wait began, and more of it than was known then.
                if may_flush and waited >= flush_after and audio_ahead() <= 0:
                    for sentence in stream.flush():
                        yield sentence
                    flushed, waits_since = True, time.monotonic()
                continue
            if piece is None:
                break
            for sentence in stream.feed(piece):
                yield sentence
            flushed, waits_since = False, time.monotonic()
    for sentence in stream.finish():
        yield sentence


async def whole_text(text: str | TextFeed, text_gap: float) -> str:
    """All of a text, for what cannot be read in part."""
    if isinstance(text, str):
        return text
    pieces: list[str] = []
    while True:
        try:
            async with asyncio.timeout(text_gap):
                piece = await text.get()
        except TimeoutError:
            raise _nothing_came(text_gap) from None
        if piece is None:
            return "".join(pieces)
        pieces.append(piece)


def _nothing_came(text_gap: float) -> Timeout:
    return Timeout(f"No more text came for {text_gap:g} s, nor the end of it")
