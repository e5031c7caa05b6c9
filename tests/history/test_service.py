"""A whole service notes what it speaks."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from wyoming_openspeakers.history.entry import Entry, Search
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.audio.encode import decoded
from wyoming_openspeakers.speech.request import SpeechRequest


async def noted(service: Service, how_many: int) -> tuple[Entry, ...]:
    """The entries, once there are so many with nothing more to come."""
    patience = time.monotonic() + 10
    while time.monotonic() < patience:
        page = await service.history.page(Search())
        if page.total == how_many and all(entry.file for entry in page.entries if entry.seconds):
            return page.entries
        await asyncio.sleep(0.02)
    raise AssertionError(f"{page.total} entries: {page.entries}")


async def test_what_a_client_hears_can_be_heard_again(start: Any) -> None:
    service = await start()
    request = SpeechRequest(front="wyoming", client="10.0.0.1", speed=1.25)
    async with service.speech.speak(request, "Good morning. It is late.") as response:
        heard = b"".join([pcm async for pcm in response.pcm()])
    async with service.speech.speak(request, "One sentence. " * 50) as response:
        async for pcm in response.pcm():
            left = pcm
            break
    entries = await noted(service, 2)
    assert [entry.status for entry in entries] == ["cancelled", "complete"]
    assert {(entry.kind, entry.front, entry.client, entry.model) for entry in entries} == {
        ("live", "wyoming", "10.0.0.1", "fault")
    }
    assert entries[1].text == "Good morning. It is late."
    assert entries[1].parameters == {"speed": 1.25}
    for entry, sent in zip(entries, (left, heard), strict=True):
        path = service.history.file(entry)
        assert path is not None
        assert b"".join(pcm for _, pcm in decoded(path)) == sent
