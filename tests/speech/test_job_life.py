"""What others see of a request: each step once, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fault_models import models_file
from managed import until

from wyoming_openspeakers.errors import InvalidRequest, SynthesisFailed
from wyoming_openspeakers.events import JobChanged
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]


def told(service: Service) -> list[JobChanged]:
    events: list[JobChanged] = []
    service.bus.subscribe(lambda event: events.append(event) if isinstance(event, JobChanged) else None)
    return events


async def speak(service: Service, text: str, **request: Any) -> None:
    async with service.speech.speak(SpeechRequest(client="somebody", use_cache=False, **request), text) as response:
        async for _ in response.pcm():
            pass


async def test_a_request_is_queued_loaded_generated_and_complete(start: StartService) -> None:
    service = await start(models_file(fault={"load_seconds": 0.2}))
    events = told(service)
    await speak(service, "tone. tone. tone.")
    assert [event.state for event in events] == ["queued", "loading", "generating", "complete"]
    assert len({event.job for event in events}) == 1 and {event.client for event in events} == {"somebody"}
    assert (events[-1].model, events[-1].voice, events[-1].error) == ("fault", "fault/plain", None)


async def test_a_model_that_is_there_is_not_loaded(start: StartService) -> None:
    service = await start()
    await speak(service, "tone")
    events = told(service)
    await speak(service, "tone tone")
    assert [event.state for event in events] == ["queued", "generating", "complete"]


async def test_a_failure_and_a_client_that_leaves(start: StartService) -> None:
    service = await start()
    events = told(service)
    with pytest.raises(SynthesisFailed):
        await speak(service, "tone fail")
    assert (events[-1].state, "headache" in (events[-1].error or "")) == ("failed", True)
    leaving = asyncio.create_task(speak(service, "tone sleep:20 tone"))
    await until(lambda: events[-1].state == "generating")
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert events[-1].state == "cancelled"
    assert events[0].job != events[-1].job


async def test_how_many_go_first_can_be_seen(start: StartService) -> None:
    service = await start()
    await speak(service, "tone")
    busy = [asyncio.create_task(speak(service, "sleep:0.6")) for _ in range(4)]
    await asyncio.sleep(0.2)
    events = told(service)
    waiting = [asyncio.create_task(speak(service, "tone")) for _ in range(3)]
    await asyncio.sleep(0.1)
    queued = [event for event in events if event.state == "queued"]
    jobs = list(dict.fromkeys(event.job for event in queued))
    assert [service.manager.position(job) for job in jobs] == [0, 1, 2]
    assert [len(order) for order in service.manager.queues().values()] == [3]
    await asyncio.gather(*busy, *waiting)
    assert [service.manager.position(job) for job in jobs] == [None] * 3


@pytest.mark.parametrize("keep_alive", ["soon", [], "5 years"])
async def test_a_wrong_time_to_stay_is_refused(start: StartService, keep_alive: Any) -> None:
    service = await start()
    with pytest.raises(InvalidRequest, match="keep_alive must be seconds"):
        service.speech.speak(SpeechRequest(keep_alive=keep_alive), "tone")
