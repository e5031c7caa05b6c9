"""How a request, a voice's style and a recorder shape an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_models import journal, models_file

from wyoming_openspeakers.errors import Stopped
from wyoming_openspeakers.events import SpeechEnded
from wyoming_openspeakers.models.queue import Urgency
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest, TextFeed

StartService = Callable[..., Any]

BEDTIME = {"voice": "fault/plain", "speed": 0.5, "parameters": {"level": 3}}


@pytest.fixture
async def ready(start: StartService, tmp_path: Path) -> Service:
    models = models_file(fault={"journal": str(tmp_path / "journal")})
    service: Service = await start(models, voice__presets={"Bedtime": BEDTIME})
    await service.manager.load("fault")
    return service


async def hear(service: Service, text: str | TextFeed, **request: Any) -> tuple[int, bytes, SpeechEnded]:
    async with service.speech.speak(SpeechRequest(**request), text) as response:
        pcm = b"".join([chunk async for chunk in response.pcm()])
    assert response.ended
    return response.rate, pcm, response.ended


def loudest(rate: int, pcm: bytes) -> float:
    """The strongest frequency in hertz."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[np.abs(np.fft.rfft(samples)).argmax()])


async def test_a_preset_speaks_with_its_style(ready: Service, tmp_path: Path) -> None:
    _, _, ended = await hear(ready, "tone", voice="Bedtime", speed=1.5)
    assert journal(tmp_path / "journal")[-1]["speed"] == pytest.approx(0.75)
    assert (ended.voice, ended.model) == ("fault/Bedtime", "fault")
    assert ended.profile == ready.manager.catalog.require("Bedtime").installed.profile.id  # type: ignore[union-attr]


async def test_an_octave_up_is_twice_the_frequency_and_as_long(ready: Service, tmp_path: Path) -> None:
    rate, low, _ = await hear(ready, "tone tone tone tone")
    rate_up, high, _ = await hear(ready, "tone tone tone tone", pitch=12)
    assert rate == rate_up
    assert loudest(rate, low) == pytest.approx(440, rel=0.02)
    assert loudest(rate, high) == pytest.approx(880, rel=0.02)
    # The engine of these tests does not stretch: it was asked for half the speed, which makes up for it.
    assert [note["speed"] for note in journal(tmp_path / "journal")] == [1.0, 0.5]


async def test_a_rate_can_be_asked_for(ready: Service) -> None:
    rate, pcm, ended = await hear(ready, "tone tone", output_rate=24_000)
    assert rate == 24_000
    assert len(pcm) / 2 / rate == pytest.approx(ended.audio, abs=0.01)


async def test_the_end_tells_what_was_asked(ready: Service) -> None:
    _, _, ended = await hear(ready, "tone sleep:0.2", front="http", job="mine", urgency=Urgency.BATCH)
    assert (ended.job, ended.front, ended.kind, ended.text) == ("mine", "http", "batch", "tone sleep:0.2")
    assert (ended.model, ended.language, ended.profile) == ("fault", "en-US", None)
    assert ended.queued is not None and ended.first_audio is not None
    assert 0 <= ended.queued <= ended.first_audio <= ended.total
    feed = ready.speech.text_feed()
    for piece in ("to", "ne. ", "tone"):
        feed.put(piece)
    feed.close()
    assert (await hear(ready, feed))[2].text == "tone. tone"


@dataclass
class Tape:
    """Keeps what it is given."""

    job: str
    rate: int
    pcm: bytes = b""
    ends: list[bool] = field(default_factory=list)

    def write(self, pcm: bytes) -> None:
        self.pcm += pcm

    def close(self, *, whole: bool) -> None:
        self.ends.append(whole)


class Tapes:
    """A recorder."""

    def __init__(self) -> None:
        self.tapes: list[Tape] = []

    def begin(self, job: str, request: SpeechRequest, rate: int) -> Tape:
        self.tapes.append(Tape(job, rate))
        return self.tapes[-1]


@pytest.fixture
def tapes(ready: Service, monkeypatch: pytest.MonkeyPatch) -> Tapes:
    tapes = Tapes()
    object.__setattr__(ready.speech._parts, "recorder", tapes)
    return tapes


async def test_what_is_sent_is_recorded(ready: Service, tapes: Tapes) -> None:
    rate, pcm, ended = await hear(ready, "tone. tone. tone.")
    (tape,) = tapes.tapes
    assert (tape.rate, tape.pcm, tape.ends, tape.job) == (rate, pcm, [True], ended.job)


async def test_a_recording_ends_with_its_listener_and_with_its_engine(ready: Service, tapes: Tapes) -> None:
    async with ready.speech.speak(SpeechRequest(), "tone sleep:5") as response:
        first = await anext(response.pcm())
    with pytest.raises(Exception, match="headache"):
        await hear(ready, "tone fail")
    left, failed = tapes.tapes
    assert left.pcm.startswith(first) and left.ends == failed.ends == [False]


async def test_what_never_sounds_is_not_recorded(ready: Service, tapes: Tapes) -> None:
    with pytest.raises(Exception, match="no voice"):
        await hear(ready, "tone", voice="nobody")
    assert not tapes.tapes


@pytest.mark.slow
async def test_all_that_somebody_listens_to_can_be_stopped(ready: Service) -> None:
    async def listen(**request: Any) -> int:
        count = 0
        async with ready.speech.speak(SpeechRequest(**request), "tone sleep:3 tone. tone.") as response:
            async for _ in response.pcm():
                count += 1
        return count

    live = [asyncio.create_task(listen()) for _ in range(3)]
    job = asyncio.create_task(listen(urgency=Urgency.JOB))
    await asyncio.sleep(0.5)
    ends: list[SpeechEnded] = []
    ready.bus.subscribe(lambda event: ends.append(event) if isinstance(event, SpeechEnded) else None)
    began = time.monotonic()
    assert ready.speech.stop_speaking() == 3
    results = await asyncio.gather(*live, return_exceptions=True)
    assert [type(result) for result in results] == [Stopped] * 3
    assert time.monotonic() - began < 1
    assert [(end.left, end.error) for end in ends] == [(True, None)] * 3
    assert ready.speech.stop_speaking() == 0
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
