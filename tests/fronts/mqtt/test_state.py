"""The retained topics: how things are, also for who comes late."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fronts.mqtt.brokers import Broker
from fronts.mqtt.fronted import TOPICS, fronted, speak
from fronts.mqtt.house import House, listening
from pydantic import TypeAdapter

from wyoming_openspeakers.events import DownloadChanged, Gpu, GpusRead, ModelStateChanged
from wyoming_openspeakers.fronts.mqtt import state
from wyoming_openspeakers.fronts.mqtt.payloads import documented
from wyoming_openspeakers.fronts.mqtt.table import render_topics

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]

GPU = Gpu(0, "GPU-0", "Seeming", 8_000_000_000, 1_000_000_000, utilisation=3, temperature=40, power=20.5)


def check_schemas(house: House) -> None:
    """All that was said is as it is documented."""
    known = {each.topic: each for each in documented(TOPICS)}
    for topic, payload in house.heard:
        parent = topic.rpartition("/")[0]
        each = known.get(topic) or known.get(f"{parent}/INDEX")
        if topic.startswith("openspeakers/downloads/"):
            each = known[TOPICS.download_of("NAME")]
        if each is None or not payload:
            assert not payload or "/command/" in topic or "/entity/" in topic, f"{topic} is not documented"
        elif each.is_json:
            TypeAdapter(each.type).validate_json(payload, strict=True)
        else:
            TypeAdapter(each.type).validate_python(payload)


async def test_a_newcomer_is_told_everything(start: StartService, broker: Broker) -> None:
    service = await start()
    async with fronted(service, broker.port), listening(broker.port, "openspeakers/#") as house:
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online" and h.now.get(TOPICS.state) == "idle")
        await house.until(lambda h: "loading" not in h.now.get(TOPICS.models, "loading"))
        models = house.json(TOPICS.models)["models"]
        assert [(model["id"], model["state"], model["device"]) for model in models if model["state"] != "cold"] == [
            ("fault", "resident", "cpu")
        ]
        assert house.json(TOPICS.queue) == {"waiting": 0, "jobs": 0}
        assert house.now[TOPICS.voice] == "fault/plain" and house.now[TOPICS.model] == "fault"
        assert (house.now[TOPICS.speed], house.now[TOPICS.keep_alive]) == ("1", "60")
        about = house.json(TOPICS.service)
        assert about["installation"] == "a1b2c3" and about["url"] == "http://voice.home:8080"
        check_schemas(house)
    async with listening(broker.port, "openspeakers/#") as house:
        await house.until(lambda h: h.now.get(TOPICS.availability) == "offline")


async def test_speech_is_followed_from_idle_to_idle(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        await house.until(lambda h: h.now.get(TOPICS.state) == "idle")
        assert await speak(service, "sleep:0.4", client="kitchen") > 0
        await house.until(lambda h: h.now.get(TOPICS.state) == "idle" and TOPICS.last_job in h.now)
        states = [payload for topic, payload in house.heard if topic == TOPICS.state]
        assert [state for state in states if state != "loading"] == ["idle", "speaking", "idle"]
        job = house.json(TOPICS.last_job)
        assert (job["state"], job["client"], job["front"], job["kind"]) == ("complete", "kitchen", "wyoming", "live")
        assert (job["voice"], job["model"], job["text"]) == ("fault/plain", "fault", "sleep:0.4")
        assert 0 < job["queued_ms"] + 1 <= job["first_audio_ms"] + 1 <= job["total_ms"] + 1
        assert job["characters"] == 9 and job["audio_seconds"] > 0 and job["real_time_factor"] > 0
        assert TOPICS.last_error not in house.now
        check_schemas(house)


async def test_texts_stay_private_where_the_history_keeps_none(start: StartService, mosquitto: Broker) -> None:
    service = await start(history__texts=False)
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        await speak(service, "tone")
        await house.until(lambda h: TOPICS.last_job in h.now)
        assert house.json(TOPICS.last_job)["text"] is None
        assert not any("tone" in payload for _, payload in house.heard)


async def test_what_went_wrong_fits_a_state_of_home_assistant(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        with pytest.raises(Exception, match="headache"):
            await speak(service, "fail")
        await house.until(lambda h: TOPICS.last_error in h.now)
        told = house.json(TOPICS.last_error)
        assert told["source"] == "job" and told["name"] == house.json(TOPICS.last_job)["id"]
        service.bus.publish(ModelStateChanged("fault", "failed", "x" * 1000))
        await house.until(lambda h: h.json(TOPICS.last_error)["source"] == "model")
        told = house.json(TOPICS.last_error)
        assert len(told["error"]) == 255 and len(told["detail"]) == 1000
        check_schemas(house)


async def test_defaults_follow_what_is_chosen(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        await house.until(lambda h: TOPICS.keep_alive in h.now)
        service.manager.defaults.choose_speed(1.25)
        service.manager.defaults.choose_keep_alive("5m")
        await house.until(lambda h: h.now.get(TOPICS.speed) == "1.25", within=1)
        await house.until(lambda h: h.now.get(TOPICS.keep_alive) == "300", within=1)
        service.manager.defaults.choose_keep_alive(-1)
        await house.until(lambda h: h.now.get(TOPICS.keep_alive) == "-1", within=1)


async def test_gpus_are_told_of_now_and_then_and_forgotten_when_they_go(
    start: StartService, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_BETWEEN_GPU_READINGS", 0.5)
    monkeypatch.setattr(state, "_CHECK_EVERY", 0.1)
    service = await start()
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        service.bus.publish(GpusRead((GPU, replace(GPU, index=1, power=None, models={"fault": 5}))))
        await house.until(lambda h: TOPICS.gpu(0) in h.now and TOPICS.gpu(1) in h.now, within=2)
        assert house.json(TOPICS.gpu(1))["models"] == {"fault": 5} and house.json(TOPICS.gpu(1))["power"] is None
        before = len(house.all(TOPICS.gpu(0)))
        for used in range(50):
            service.bus.publish(GpusRead((replace(GPU, memory_used=used),)))
            await asyncio.sleep(0.01)
        await house.until(lambda h: TOPICS.gpu(1) not in h.now and h.json(TOPICS.gpu(0))["memory_used"] == 49, within=2)
        assert len(house.all(TOPICS.gpu(0))) - before <= 4
        said = len(house.heard)
        service.bus.publish(GpusRead((replace(GPU, memory_used=49),)))
        await asyncio.sleep(0.7)
        assert len(house.heard) == said, "nothing has changed"
        check_schemas(house)


async def test_downloads_are_there_while_they_last(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    topic = TOPICS.download_of("piper/de_DE-thorsten-medium")
    async with fronted(service, mosquitto.port), listening(mosquitto.port, "openspeakers/#") as house:
        name = "piper/de_DE-thorsten-medium"
        for done in range(0, 1000, 10):
            service.bus.publish(DownloadChanged(name, "downloading", "voice.onnx", done, 1000, 12.3, 4.56))
        await house.until(lambda h: topic in h.now)
        assert len(house.all(topic)) == 1, "once a second"
        assert house.json(topic)["percent"] == 0
        service.bus.publish(DownloadChanged(name, "complete", "voice.onnx", 1000, 1000))
        await house.until(lambda h: topic not in h.now)
        check_schemas(house)


async def test_what_an_earlier_run_left_behind_is_cleared(start: StartService, broker: Broker) -> None:
    service = await start()
    stale = TOPICS.gpu(7), TOPICS.download_of("a/b/c")
    async with listening(broker.port, "openspeakers/#") as house:
        for topic in stale:
            await house.say(topic, "{}", retain=True)
        async with fronted(service, broker.port):
            await house.until(lambda h: h.now.get(TOPICS.availability) == "online" and not set(stale) & h.now.keys())


async def test_all_is_right_after_the_broker_was_away(start: StartService, broker: Broker) -> None:
    service = await start()
    async with fronted(service, broker.port) as front:
        broker.kill()
        service.manager.defaults.choose_speed(1.5)
        await speak(service, "tone", client="while away")
        await asyncio.sleep(0.3)
        assert not front.connection.connected
        broker.start()
        back = time.monotonic()
        async with listening(broker.port, "openspeakers/#") as house:
            await house.until(lambda h: h.now.get(TOPICS.availability) == "online")
            assert time.monotonic() - back < 5
            assert house.now[TOPICS.speed] == "1.5" and house.now[TOPICS.state] == "idle"
            assert house.json(TOPICS.last_job)["client"] == "while away"


async def test_two_services_on_the_same_topics_are_told(
    start: StartService, mosquitto: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    service = await start()
    caplog.set_level(logging.WARNING)
    async with fronted(service, mosquitto.port, "aaaaaa"), fronted(service, mosquitto.port, "bbbbbb"):
        async with asyncio.timeout(5):
            while "mqtt.topic" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


def test_every_topic_has_a_schema_and_a_row() -> None:
    table = render_topics()
    for each in documented(TOPICS):
        schema = each.schema()
        json.dumps(schema)
        assert f"`{each.topic}`" in table
        if each.is_json:
            assert schema["additionalProperties"] is False and schema["description"]
    told = [name for name in vars(TOPICS).values() if isinstance(name, str) and "/" in name and name[-1] not in "+#"]
    assert all(f"`{name}`" in table for name in told), "no topic is left out"
