"""Commands: what each does, how it is answered, and in which order they are done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_models import models_file
from fronts.mqtt.brokers import MOSQUITTO, Broker
from fronts.mqtt.commanded import Sender, commanded
from managed import until
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from wyoming_openspeakers.events import DefaultsChanged, ModelStateChanged
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow

Start = Callable[..., Any]


async def done(it: Sender, name: str, payload: Any = "") -> None:
    """Send a command and wait until it was done, which is told to those with MQTT 5."""
    count = len(it.told("answers/done"))
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ResponseTopic = "answers/done"
    await it.command(name, payload, properties=properties)
    await it.until(lambda: len(it.told("answers/done")) > count)
    answer = it.told("answers/done")[-1]
    assert (answer["command"], answer.get("state")) == (name, "done"), answer


@pytest.fixture
def any_broker(request: pytest.FixtureRequest) -> Broker:
    """The quicker one to start of those that are here."""
    found: Broker = request.getfixturevalue("mosquitto" if MOSQUITTO else "amqtt")
    return found


async def test_the_default_voice_is_chosen_and_taken_back(start: Start, mosquitto: Broker) -> None:
    service = await start(models_file(fault={}, other={"languages": ["de-DE"]}), voice__default="fault/plain")
    defaults, manager = service.manager.defaults, service.manager
    async with commanded(service, mosquitto, version=5) as it:
        await done(it, "voice", "Other/Plain")
        assert defaults.voice == "other/plain" and manager.catalog.default().model == "other"
        async with service.speech.speak(SpeechRequest(), "tone.") as response:
            async for _ in response.pcm():
                pass
        assert response.ended and response.ended.voice == "other/plain"
        await done(it, "voice", "automatic")
        assert defaults.voice == "fault/plain" and manager.catalog.default().model == "fault"
        await done(it, "model", {"model": "other", "id": 1})
        assert defaults.voice == "other/plain"
        await done(it, "model")
        assert defaults.voice == "fault/plain"
        await it.command("voice", "nobody")
        error = await it.event("error", command="voice")
        assert error["code"] == "unknown-voice" and "other/plain" in error["error"]
        await it.command("model", "nothing")
        assert (await it.event("error", command="model"))["code"] == "unknown-model"
        assert defaults.voice == "fault/plain"


async def test_voice_and_model_are_chosen_in_the_order_in_which_they_are_sent(start: Start, any_broker: Broker) -> None:
    service = await start(models_file(fault={}, other={}))
    async with commanded(service, any_broker) as it:
        for _ in range(5):
            await it.command("voice", "fault/plain")
            await it.command("model", "other")
        await it.command("voice", "fault/plain")
        await it.command("voice", "last")
        await it.event("error")
        assert service.manager.defaults.voice == "fault/plain"


async def test_speed_and_keep_alive_are_chosen(start: Start, mosquitto: Broker) -> None:
    service = await start()
    changes: list[DefaultsChanged] = []
    service.bus.subscribe(lambda event: changes.append(event) if isinstance(event, DefaultsChanged) else None)
    defaults = service.manager.defaults
    async with commanded(service, mosquitto, version=5) as it:
        await done(it, "speed", "1.25")
        assert defaults.speed == 1.25
        await done(it, "speed", {"speed": 0.5})
        assert defaults.speed == 0.5
        await done(it, "speed")
        assert defaults.speed == 1.0
        for payload, expected in (("5m", "5m"), ("-1", "-1"), ({"keep_alive": 30}, 30), ("", "60s")):
            await done(it, "keep_alive", payload)
            assert defaults.keep_alive == expected
        assert len(changes) == 7
        for name, payload in (("speed", "9"), ("speed", "fast"), ("speed", "nan"), ("keep_alive", "soon")):
            await it.command(name, payload)
        await it.until(lambda: len(it.events("error")) == 4)
        assert {error["code"] for error in it.events("error")} == {"invalid-request"}
        assert len(changes) == 7


async def test_models_are_loaded_and_unloaded(start: Start, mosquitto: Broker) -> None:
    service = await start(models_file(fault={}, other={"load_seconds": 0.3}, broken={"load_fail": True}))
    state = service.manager.state
    async with commanded(service, mosquitto, version=5) as it:
        await done(it, "load", "other")
        assert state("other") == "resident"
        await done(it, "unload", {"model": "other"})
        assert state("other") == "cold"
        await done(it, "load", {"model": "other", "keep_alive": -1})
        await done(it, "unload", "PRESS")
        assert state("other") == state("fault") == "cold"
        await it.command("load", "broken")
        error = await it.event("error", command="load")
        assert "damaged" in error["error"]
        await it.command("load", "")
        missing = await it.event("error", error="model is missing")
        assert missing["code"] == "invalid-request"


async def test_a_model_that_speaks_is_not_unloaded_with_the_idle_ones(start: Start, mosquitto: Broker) -> None:
    service = await start(models_file(fault={}, other={}))
    async with commanded(service, mosquitto, version=5) as it:
        await done(it, "load", "other")
        await it.command("say", {"text": "tone sleep:20 tone.", "model": "fault"})
        await until(lambda: service.manager.residents.is_used("fault"))
        await done(it, "unload")
        assert (service.manager.state("fault"), service.manager.state("other")) == ("resident", "cold")
        await done(it, "stop")


async def test_the_phrase_cache_is_cleared(start: Start, mosquitto: Broker) -> None:
    service = await start()
    async with commanded(service, mosquitto, version=5) as it:
        await it.command("say", "tone tone.")
        await it.event("say", state="complete")
        await until(lambda: service.speech.cache.stats.entries == 1)
        await done(it, "clear_cache", "PRESS")
        assert service.speech.cache.stats.entries == 0


async def test_downloads_begin_or_say_why_not(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.command("download", {"model": "fault", "id": "d"})
        error = await it.event("error", command="download")
        assert error["id"] == "d" and error["code"] == "model-unavailable"
        await it.command("download", "some/thing")
        await it.until(lambda: len(it.events("error")) == 2)


async def test_a_retained_command_is_refused(start: Start, any_broker: Broker) -> None:
    service = await start()
    async with commanded(service, any_broker) as it:
        # Retained for those who come later; now it is a command like any other.
        await it.command("speed", "2", retain=True)
        await it.command("speed", "0.5")
        await it.command("speed", "none")
        await it.event("error")
        assert service.manager.defaults.speed == 0.5
    async with commanded(service, any_broker) as it:
        error = await it.event("error", command="speed")
        assert "without retain" in error["error"]
        assert service.manager.defaults.speed == 0.5


async def test_who_asks_with_mqtt_5_is_answered_where_they_want(start: Start, mosquitto: Broker) -> None:
    async with commanded(await start(), mosquitto, version=5) as it:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic, properties.CorrelationData = "answers/me", b"\x00\xff"
        await it.command("say", {"text": "tone.", "id": 1}, properties=properties)
        await it.heard("answers/me", state="complete")
        assert it.told("answers/me") == it.events("say")
        assert it.properties["answers/me"].CorrelationData == b"\x00\xff"
        await it.command("speed", "7", properties=properties)
        await it.heard("answers/me", command="speed", code="invalid-request")
        # By our hand, nobody gets to where they may not write themselves.
        properties.ResponseTopic = "openspeakers/command/say"
        await it.command("speed", "7", properties=properties)
        await it.until(lambda: len(it.events("error")) == 2)
        await it.command("say", {"text": "tone.", "id": 2})
        await it.event("say", state="complete", id=2)
        assert len(it.events("error")) == 2 and len(it.events("say")) == 4


async def test_an_unknown_command_is_answered(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.command("sing", "la")
        error = await it.event("error", command="sing")
        assert error["code"] == "not-found" and "say, stop" in error["error"]


async def test_a_flood_is_answered_busy_and_in_order(start: Start, any_broker: Broker, tmp_path: Path) -> None:
    service = await start(models_file(fault={}, slow={"load_seconds": 1}))
    loads: list[str] = []
    service.bus.subscribe(
        lambda event: loads.append(event.model)
        if isinstance(event, ModelStateChanged) and event.state == "resident"
        else None
    )
    async with commanded(service, any_broker) as it:
        for id in range(60):
            await it.command("load", {"model": "slow", "id": id})
        await it.until(lambda: len(it.events("error")) == 39)
        assert [error["id"] for error in it.events("error")] == list(range(21, 60))
        assert {error["code"] for error in it.events("error")} == {"busy"}


async def test_what_comes_when_the_service_stops_is_refused(start: Start, any_broker: Broker) -> None:
    service = await start(models_file(fault={}, slow={"load_seconds": 5}))
    async with commanded(service, any_broker) as it:
        await it.command("load", {"model": "slow", "id": "l"})
        await it.command("say", {"text": "tone sleep:9.", "id": "s"})
        await it.event("say", state="accepted")
    assert it.events("error")[-1].items() >= {"id": "l", "code": "shutting-down"}.items()
    assert it.events("say")[-1].items() >= {"id": "s", "state": "failed", "code": "shutting-down"}.items()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"text": "tone.", "voise": "x"}, "did you mean voice"),
    ({"text": "tone.", "speed": "NaN"}, "speed"),
    ({"text": "tone.", "priority": "first"}, "priority"),
    ({"voice": "plain"}, "text is missing"),
    ({"text": ["tone."]}, "text"),
    ({"text": "   "}, "no text"),
    ({"text": "tone.", "voice": "nobody"}, "no voice"),
    ({"text": "tone.", "model": "nothing"}, "no model"),
    ({"text": "tone.", "keep_alive": "soon"}, "keep_alive"),
    ({"text": "x" * 101}, "at most 100"),
    ({"text": "a\0b"}, "NUL"),
]


async def test_what_is_wrong_with_a_text_is_told(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(text__max_characters=100), any_broker) as it:
        for number, (payload, wrong) in enumerate(WRONG):
            await it.command("say", {**payload, "id": number})
            error = await it.event("error", command="say", id=number)
            assert wrong in error["error"] and (error["event_type"], error["source"]) == ("error", "command")
        assert len(it.events("error")) == len(WRONG) and it.events("say") == []
