"""Audio in the format that was asked for, as a stream: bytes leave as soon as there is audio for them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, closing
from typing import Final, Protocol, TypeVar

from .decode import decoded
from .encode_codecs import CODECS
from .encode_compressed import CompressedEncoder
from .encode_plain import PcmEncoder, WavEncoder
from .formats import AudioFormat
from .pcm import WIDTH, frames

__all__ = ["HTTP_RATE", "Encoder", "decoded", "encoded"]

HTTP_RATE: Final = 24_000
"""Hertz of the audio that HTTP fronts ask for: what OpenAI's clients take `pcm` to be."""

_PIECE_SECONDS: Final = 0.25
"""What takes time to encode is encoded in pieces: the first bytes wait for no more, nor does a listener who left."""

_Result = TypeVar("_Result")


class _Encoding(Protocol):
    def feed(self, pcm: bytes) -> bytes: ...

    def finish(self) -> bytes: ...

    def header(self) -> bytes: ...

    def close(self) -> None: ...


class Encoder:
    """Turns s16le mono PCM at one rate into one stream of a format.

    PCM may come in chunks of any size, and what comes out at each call may be empty. `feed` and `finish` block: a
    second of audio takes up to 15 milliseconds.
    """

    def __init__(self, format: AudioFormat, rate: int) -> None:
        self._encoding = _encoding(format, rate)
        self._half = b""

    def feed(self, pcm: bytes) -> bytes:
        """Take PCM in and give back what is ready."""
        pcm = self._half + pcm
        whole = len(pcm) - len(pcm) % WIDTH
        self._half = pcm[whole:]
        return self._encoding.feed(pcm[:whole])

    def finish(self) -> bytes:
        """Give back the rest, once."""
        return self._encoding.finish()

    def header(self) -> bytes:
        """After the end: what to write over the start of a file, so that it tells its length; empty for nothing."""
        return self._encoding.header()

    def close(self) -> None:
        """Free what a stream takes that is not brought to its end; does no harm after it."""
        self._encoding.close()


async def encoded(
    pcm: AsyncIterator[bytes],
    format: AudioFormat,
    rate: int,
) -> AsyncGenerator[bytes, None]:
    """Encode s16le mono PCM as it comes, beside the event loop; closes where it comes from."""
    takes_time = format in CODECS
    run = _in_thread if takes_time else _at_once
    piece_size = WIDTH * frames(rate, _PIECE_SECONDS) if takes_time else sys.maxsize
    async with AsyncExitStack() as stack:
        if isinstance(pcm, AsyncGenerator):
            await stack.enter_async_context(aclosing(pcm))
        encoder = stack.enter_context(closing(Encoder(format, rate)))
        async for chunk in pcm:
            for start in range(0, len(chunk), piece_size):
                if data := await run(encoder.feed, chunk[start : start + piece_size]):
                    yield data
        if data := await run(encoder.finish):
            yield data


async def _at_once(work: Callable[..., _Result], *arguments: object) -> _Result:
    return work(*arguments)


async def _in_thread(work: Callable[..., _Result], *arguments: object) -> _Result:
    """Wait until the thread is done even when cancelled: nobody else may touch the encoder before."""
    running = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        running.exception()  # nobody asks for it any more
        raise cancelled
    return running.result()


def _encoding(format: AudioFormat, rate: int) -> _Encoding:
    match format:
        case "pcm":
            return PcmEncoder()
        case "wav":
            return WavEncoder(rate)
        case _:
            return CompressedEncoder(CODECS[format], rate)
