"""Sentences out of text that comes at once or bit by bit."""

from __future__ import annotations

import asyncio
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
            if begin:
                await asyncio.sleep(0)
    else:
        flushed = True
        while True:
            patience = text_gap if flushed or not stream.pending else max(flush_after, audio_ahead())
            try:
                async with asyncio.timeout(min(patience, text_gap)):
                    piece = await text.get()
            except TimeoutError:
                if patience >= text_gap:
                    raise Timeout(f"No more text came for {text_gap:g} s, nor the end of it") from None
                for sentence in stream.flush():
                    yield sentence
                flushed = True
                continue
            if piece is None:
                break
            flushed = False
            for sentence in stream.feed(piece):
                yield sentence
    for sentence in stream.finish():
        yield sentence
