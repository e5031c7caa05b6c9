"""The topics of what happens: each step once, and nothing kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fronts.mqtt.brokers import Broker
from fronts.mqtt.fronted import TOPICS, fronted, speak
from fronts.mqtt.house import House, listening

from wyoming_openspeakers.events import DownloadChanged, JobChanged, ModelStateChanged, WorkerExited
from wyoming_openspeakers.fronts.mqtt import happenings

StartService = Callable[..., Any]


def states(house: House, job: str = "") -> list[str]:
    return [told["event_type"] for told in house.all(TOPICS.job_events) if not job or told["id"] == job]


@pytest.mark.slow
async def test_each_step_of_a_text_is_told_once(start: StartService, broker: Broker) -> None:
    service = await start()
    async with fronted(service, broker.port), listening(broker.port, "openspeakers/#") as house:
        await speak(service, "tone tone", client="kitchen")
        await house.until(lambda h: "complete" in states(h))
        assert [state for state in states(house) if state != "loading"] == ["queued", "generating", "complete"]
        first, last = house.all(TOPICS.job_events)[0], house.all(TOPICS.job_events)[-1]
        assert first["id"] == last["id"] and first["client"] == "kitchen"
        assert last["total_ms"] >= last["first_audio_ms"] >= 0 and last["audio_seconds"] > 0
        assert not any(topic.startswith("openspeakers/event/") for topic in house.retained)
    async with listening(broker.port, "openspeakers/#") as newcomer:
        await newcomer.until(lambda h: TOPICS.last_job in h.now)
        assert not any(topic.startswith("openspeakers/event/") for topic, _ in newcomer.heard)


async def test_how_texts_end(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        with pytest.raises(Exception, match="headache"):
            await speak(service, "fail")
        await house.until(lambda h: states(h)[-1:] == ["failed"])
        assert house.all(TOPICS.job_events)[-1]["error"]
        await house.until(lambda h: [told["source"] for told in h.all(TOPICS.error_events)] == ["job"])
        leaving = asyncio.create_task(speak(service, "sleep:5"))
        await house.until(lambda h: states(h)[-1:] == ["generating"])
        leaving.cancel()
        await house.until(lambda h: states(h)[-1:] == ["cancelled"])
        # A job that was cancelled before its turn has nothing to tell but that.
        service.bus.publish(JobChanged("waiting", "queued", "me", position=3))
        service.bus.publish(JobChanged("waiting", "cancelled", "me"))
        await house.until(lambda h: states(h, "waiting") == ["queued", "cancelled"])
        assert house.all(TOPICS.job_events)[-2]["position"] == 3


async def test_models_come_and_go(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        await service.manager.load("fault")
        await service.manager.unload("fault")
        await house.until(lambda h: "evicted" in [told["event_type"] for told in h.all(TOPICS.model_events)])
        service.bus.publish(ModelStateChanged("fault", "parked", None, "cuda:0", 12))
        service.bus.publish(ModelStateChanged("fault", "parked", None, "cuda:0", 12))
        service.bus.publish(ModelStateChanged("fault", "failed", "no memory"))
        await house.until(lambda h: [told["error"] for told in h.all(TOPICS.model_events)][-1] == "no memory")
        kinds = [told["event_type"] for told in house.all(TOPICS.model_events)]
        assert kinds[-3:] == ["evicted", "parked", "failed"]
        service.bus.publish(WorkerExited("fault", "killed by signal 9", expected=False))
        await house.until(lambda h: [told["source"] for told in h.all(TOPICS.error_events)] == ["model", "worker"])


@pytest.mark.slow
async def test_downloads_are_told_of_once_a_second_and_at_their_end(
    start: StartService, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happenings, "_BETWEEN_DOWNLOAD_EVENTS", 0.2)
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        for done in range(50):
            service.bus.publish(DownloadChanged("kokoro", "downloading", "model.onnx", done, 50))
            await asyncio.sleep(0.01)
        service.bus.publish(DownloadChanged("kokoro", "failed", error="The disk is full"))
        await house.until(lambda h: [told["event_type"] for told in h.all(TOPICS.download_events)][-1:] == ["failed"])
        told = house.all(TOPICS.download_events)
        assert 2 <= len(told) <= 6
        await house.until(lambda h: h.all(TOPICS.error_events))
        assert house.all(TOPICS.error_events)[-1] | {"at": ""} == {
            "event_type": "error", "error": "The disk is full", "detail": "The disk is full", "source": "download",
            "name": "kokoro", "at": "",
        }  # fmt: skip
