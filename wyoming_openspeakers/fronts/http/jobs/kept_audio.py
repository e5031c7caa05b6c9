"""Audio that was kept, sent as it is or in another format."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import numpy as np
from aiohttp import web

from ....errors import Conflict, NotFound
from ....history.entry import OVER, Entry
from ....history.store import HistoryStore
from ....jobs.stored import stored_audio
from ....speech.audio.encode import HTTP_RATE, encoded
from ....speech.audio.formats import MEDIA_TYPES, AudioFormat
from ....speech.audio.pcm import from_int16, to_int16
from ....speech.audio.resample import Resampler
from ..api import Media
from .file_names import disposition, file_name

AUDIO = Media(tuple(MEDIA_TYPES.values()), "The audio; parts of it can be asked for while it is sent as it is kept.")


def kept_file(entry: Entry, history: HistoryStore) -> Path:
    """Where the audio is; raises when there is none, and says why."""
    if entry.status not in OVER:
        raise Conflict(f"The audio of {entry.id} is not ready: the job is {entry.status}")
    if path := history.file(entry):
        return path
    if entry.status != "complete":
        raise Conflict(f"{entry.id} has no audio: it is {entry.status}" + (f", {entry.error}" if entry.error else ""))
    raise NotFound(f"The audio of {entry.id} is not kept any more")


async def send_audio(
    request: web.Request, entry: Entry, history: HistoryStore, format: AudioFormat | None
) -> web.StreamResponse:
    """Answer with the audio of an entry."""
    path = kept_file(entry, history)
    kept = cast(AudioFormat, entry.format)
    wanted = format or kept
    headers = {
        "Content-Type": MEDIA_TYPES[wanted],
        "Content-Disposition": disposition(file_name(entry.text, wanted)),
    }
    if wanted == kept:
        return web.FileResponse(path, headers=headers)
    response = web.StreamResponse(headers=headers)
    if request.method == "HEAD":
        return response
    async with aclosing(encoded(_at_one_rate(path), wanted, HTTP_RATE)) as audio:
        async for data in audio:
            if data:
                if not response.prepared:
                    await response.prepare(request)
                await response.write(data)
    await response.write_eof()
    return response


async def _at_one_rate(path: Path) -> AsyncGenerator[bytes, None]:
    """What was kept for listeners of other fronts may have another rate."""
    resampler = None
    async with aclosing(stored_audio(path)) as pieces:
        async for rate, pcm in pieces:
            if rate == HTTP_RATE:
                yield pcm
                continue
            resampler = resampler or Resampler(rate, HTTP_RATE)
            yield to_int16(resampler.feed(from_int16(np.frombuffer(pcm, np.int16)))).tobytes()
    if resampler:
        yield to_int16(resampler.finish()).tobytes()
