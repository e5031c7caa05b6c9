"""The device in a home with a real broker: there at once, true at every moment, and gone without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import FAULT_MODELS
from fronts.mqtt.announcing import announcing
from fronts.mqtt.brokers import MOSQUITTO, Amqtt, Broker, Mosquitto
from fronts.mqtt.fake_home_assistant import FakeHomeAssistant, home_assistant
from fronts.mqtt.house import listening

from wyoming_openspeakers.events import DownloadChanged, Gpu, GpusRead, ModelStateChanged, VoicesChanged
from wyoming_openspeakers.fronts.mqtt.announced import Memory
from wyoming_openspeakers.service import Service

Start = Callable[..., Any]

Quick = Mosquitto if MOSQUITTO else Amqtt
GPU = Gpu(0, "GPU-1", "Card", 8_000_000_000, 1_000_000_000, 5, 40, 20.0)


def voices_file(service: Service) -> Path:
    """Where the engine for faults finds names of more voices."""
    folder = service.config.models_path / "fault"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "voices.txt"


async def settled(home: FakeHomeAssistant) -> None:
    """Wait until the device and what its selects hold are there."""
    await home.until(lambda: home.devices and home.state("default_voice") and home.state("default_model"))


async def offers(home: FakeHomeAssistant, voices: list[str]) -> None:
    """Wait until the select has these voices and no others."""
    options = sorted(f"Fault: {voice}" for voice in voices)
    await home.until(lambda: sorted(home.entities["default_voice"].config["options"]) == options)


async def holds(home: FakeHomeAssistant, voice: str) -> None:
    """Wait until this voice is the one."""
    await home.until(lambda: home.state("default_voice") == f"Fault: {voice}")


async def retained(port: int) -> dict[str, str]:
    """What newcomers are told, whatever it is about."""
    async with listening(port) as house:
        await house.say("end", "")
        await house.until(lambda house: any(topic == "end" for topic, _ in house.heard))
        return {topic: payload for topic, payload in house.retained.items() if not topic.startswith("$SYS")}


@pytest.fixture
def house(request: pytest.FixtureRequest) -> Broker:
    """The quicker broker, where there is one."""
    found: Broker = request.getfixturevalue("mosquitto" if MOSQUITTO else "amqtt")
    return found


@pytest.mark.slow
async def test_the_device_is_simply_there(start: Start, broker: Broker) -> None:
    service = await start()
    async with announcing(service, broker.port, url="http://voice.home:8080"), home_assistant(broker.port) as home:
        await settled(home)
        await home.until(lambda: home.device.is_available)
        assert home.device.about["name"] == "OpenSpeakers"
        assert home.device.about["configuration_url"] == "http://voice.home:8080"
        assert home.state("default_voice") == "Fault: Plain"
        assert home.state("default_model") == "Fault"
        assert home.state("problem") == "OFF"
        assert home.errors == []
    assert "homeassistant/device/openspeakers_test/config" in await retained(broker.port)


@pytest.mark.slow
async def test_choosing_a_voice_chooses_it(start: Start, house: Broker) -> None:
    service = await start()
    voices_file(service).write_text("anna")
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        await home.select("default_voice", "Fault: anna")
        await home.until(lambda: home.state("default_voice") == "Fault: anna")
        assert service.manager.defaults.voice == "fault/anna"
        await home.select("default_voice", "somebody else")
        await home.select("default_model", "Fault")
        await home.until(lambda: home.state("default_voice") == "Fault: Plain")
        assert service.manager.defaults.voice == "fault/plain"
        assert home.errors == []


@pytest.mark.slow
async def test_what_holds_is_among_the_options_while_voices_come_and_go(start: Start, house: Broker) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        for names in (["anna", "bert"], ["anna"], ["carl"], []):
            voices_file(service).write_text(" ".join(names))
            service.bus.publish(VoicesChanged())
            await offers(home, ["Plain", *names])
            if names:
                service.manager.defaults.choose_voice(f"fault/{names[0]}")
                await holds(home, names[0])
        await home.until(lambda: home.state("default_voice") == "Fault: Plain")
        assert home.errors == []


@pytest.mark.slow
async def test_the_voice_that_holds_goes_only_when_another_holds(start: Start, house: Broker) -> None:
    service = await start()
    voices_file(service).write_text("anna")
    service.manager.defaults.choose_voice("fault/anna")
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await home.until(lambda: home.state("default_voice") == "Fault: anna")
        voices_file(service).unlink()
        service.bus.publish(VoicesChanged())
        await home.until(lambda: home.entities["default_voice"].config["options"] == ["Fault: Plain"])
        assert home.state("default_voice") == "Fault: Plain"
        await home.until(lambda: home.state("problem") == "ON")
        assert home.entities["problem"].attributes["problems"] == [
            "There is no voice fault/anna; another speaks instead"
        ]
        assert home.errors == []


@pytest.mark.slow
async def test_files_put_there_by_hand_are_seen(start: Start, house: Broker) -> None:
    service = await start()
    async with announcing(service, house.port, check_every=0.2), home_assistant(house.port) as home:
        await settled(home)
        voices_file(service).write_text("anna")
        await home.until(lambda: "Fault: anna" in home.entities["default_voice"].config["options"])


@pytest.mark.slow
async def test_a_gpu_comes_and_goes(start: Start, house: Broker) -> None:
    service = await start(models__gpu_interval=0)
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        service.bus.publish(GpusRead((GPU,)))
        await home.until(lambda: "gpu_0_power" in home.entities)
        service.bus.publish(GpusRead((), "it fell off"))
        await home.until(lambda: "gpu_0_power" not in home.entities)
        assert home.configs[-1]["components"]["gpu_0_power"] == {"platform": "sensor"}
        assert home.errors == []


@pytest.mark.slow
async def test_what_went_while_the_service_was_off_is_removed(start: Start, house: Broker) -> None:
    service = await start(models__gpu_interval=0)
    async with home_assistant(house.port) as home:
        async with announcing(service, house.port):
            await settled(home)
            service.bus.publish(GpusRead((GPU,)))
            await home.until(lambda: "gpu_0_memory" in home.entities)
        service.bus.publish(GpusRead(()))
        async with announcing(service, house.port):
            await home.until(lambda: "gpu_0_memory" not in home.entities)


@pytest.mark.slow
async def test_home_assistant_is_answered_when_it_is_born(start: Start, house: Broker) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        for times in (1, 2):
            before = len(home.configs)
            await home.be_born()
            await home.until(partial(_is_longer, home.configs, before))
            assert len(home.configs) > times
        assert all(config == home.configs[0] for config in home.configs)
        assert home.errors == []


@pytest.mark.slow
async def test_a_broker_that_has_forgotten_everything_is_told_again(start: Start, tmp_path: Path) -> None:
    service = await start()
    with Quick(tmp_path) as broker:
        async with announcing(service, broker.port):
            async with home_assistant(broker.port) as home:
                await settled(home)
            broker.kill()
            broker.start()
            async with home_assistant(broker.port) as home:
                await settled(home)
                assert home.errors == []


@pytest.mark.slow
async def test_two_services_on_one_broker_are_two_devices(start: Start, house: Broker) -> None:
    one, other = await start(), await start()
    async with (
        announcing(one, house.port, installation="one"),
        announcing(other, house.port, installation="other", topic="kitchen"),
        home_assistant(house.port) as home,
    ):
        await home.until(lambda: len(home.devices) == 2)
        await home.until(
            lambda: all(device.entities["default_voice"].state for device in home.devices.values()), within=5
        )
        voices_file(other).write_text("anna")
        other.bus.publish(VoicesChanged())
        kitchen = home.devices["openspeakers_other"].entities["default_voice"]
        await home.until(lambda: "Fault: anna" in kitchen.config["options"])
        await home.say(kitchen.config["command_topic"], "Fault: anna")
        await home.until(lambda: kitchen.state == "Fault: anna")
        assert one.manager.defaults.voice == ""
        assert home.devices["openspeakers_one"].entities["default_voice"].state == "Fault: Plain"
        assert home.errors == []


async def test_a_download_is_shown_and_ends(start: Start, house: Broker) -> None:
    hub = {"repo": "owner/big", "revision": "2" * 40}
    models = {**FAULT_MODELS["models"], "big_one": {"engine": "kokoro", "name": "Big", "hub": hub}}
    service = await start({"models": models})
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await home.until(lambda: home.state("update_big__one") == "on")
        update = home.entities["update_big__one"]
        assert update.config["enabled_by_default"] is False
        assert update.attributes["installed_version"] == "not installed"
        service.bus.publish(DownloadChanged("big_one", "downloading", done=1, total=3))
        await home.until(lambda: update.attributes["update_percentage"] == 33)
        assert update.attributes["in_progress"] is True
        service.bus.publish(DownloadChanged("big_one", "failed", error="no network"))
        await home.until(lambda: update.attributes["in_progress"] is False)
        assert update.attributes["update_percentage"] is None
        assert home.errors == []


@pytest.mark.slow
async def test_a_model_that_failed_is_a_problem(start: Start, house: Broker) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        service.bus.publish(ModelStateChanged("fault", "failed", "no memory"))
        await home.until(lambda: home.state("problem") == "ON")
        assert home.entities["problem"].attributes["problems"] == ["Model fault: no memory"]


@pytest.mark.parametrize("change", [{"discovery": False}, {"discovery_prefix": "ha"}, {"topic": "voice"}])
@pytest.mark.slow
async def test_other_settings_leave_nothing_behind(start: Start, house: Broker, change: dict[str, Any]) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
    before = await retained(house.port)
    await _publish_retained(house.port, "somebody/else", "stays")
    prefix = change.get("discovery_prefix", "homeassistant")
    async with announcing(service, house.port, **change), home_assistant(house.port, prefix) as home:
        base = change.get("topic", "openspeakers")
        await home.until(lambda: home.topics.get(f"{base}/availability") == "online")
        if change.get("discovery", True):
            await settled(home)
        old = {
            "discovery": {topic for topic in before if topic != "openspeakers/availability"},
            "discovery_prefix": {"homeassistant/device/openspeakers_test/config"},
            "topic": {topic for topic in before if topic.startswith("openspeakers/")},
        }[next(iter(change))]
        await home.until(lambda: not old & home.topics.keys())
        assert home.topics["somebody/else"] == "stays"
        assert home.errors == []
    assert not old & (await retained(house.port)).keys()


@pytest.mark.slow
async def test_what_is_to_be_cleared_is_not_forgotten_while_the_broker_is_away(start: Start, tmp_path: Path) -> None:
    service = await start()
    with Quick(tmp_path) as broker:
        async with announcing(service, broker.port), home_assistant(broker.port) as home:
            await settled(home)
        known = await retained(broker.port)
        broker.kill()
        async with announcing(service, broker.port, topic="voice", discovery_prefix="ha"):
            await asyncio.sleep(0.3)
        broker.start()
        async with listening(broker.port) as house:
            for topic in known:
                await house.say(topic, "left", retain=True)
        async with (
            announcing(service, broker.port, topic="voice", discovery_prefix="ha", check_every=0.3),
            home_assistant(broker.port, "ha") as home,
        ):
            await settled(home)
            await home.until(lambda: "left" not in home.topics.values())
            assert home.errors == []
            await asyncio.sleep(0.8)
        (record,) = Memory(service.config.data_path).read()
        assert not any(topic.startswith(("openspeakers/", "homeassistant/")) for topic in record.topics)


@pytest.mark.slow
async def test_another_broker_is_not_announced_at_any_more(start: Start, house: Broker, tmp_path: Path) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
    with Quick(tmp_path) as other:
        async with announcing(service, other.port), home_assistant(other.port) as home:
            await settled(home)
            memory = Memory(service.config.data_path)
            for _ in range(50):
                if [known.broker.port for known in memory.read()] == [other.port]:
                    break
                await asyncio.sleep(0.1)
        assert [known.broker.port for known in memory.read()] == [other.port]
        assert await retained(house.port) == {}


@pytest.mark.slow
async def test_what_the_process_before_left_is_cleared_when_nobody_says_it_any_more(
    start: Start, house: Broker
) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
    memory = Memory(service.config.data_path)
    (known,) = memory.read()
    stale = "openspeakers/downloads/kokoro"
    await _publish_retained(house.port, stale, "{}")
    memory.remember(type(known)(known.broker, known.topic, known.components, (*known.retained, stale)))
    async with announcing(service, house.port, check_every=0.3), home_assistant(house.port) as home:
        await home.until(lambda: stale in home.topics)
        await settled(home)
        await home.until(lambda: stale not in home.topics)
        await home.until(lambda: home.topics["openspeakers/availability"] == "online")
        assert home.state("default_voice")


@pytest.mark.slow
async def test_what_is_remembered_is_all_that_is_there(start: Start, house: Broker) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
    (known,) = Memory(service.config.data_path).read()
    assert set(known.topics) >= set(await retained(house.port))
    assert not any(name in topic for topic in known.topics for name in ("command", "event", "#", "+"))


@pytest.mark.slow
async def test_the_same_broker_by_another_name_keeps_the_device(start: Start, house: Broker) -> None:
    service = await start()
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
    memory = Memory(service.config.data_path)
    (known,) = memory.read()
    memory.forget(known.broker)
    memory.remember(replace(known, broker=replace(known.broker, host="localhost")))
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        await home.until(lambda: home.device.is_available)
        await asyncio.sleep(1)
        assert home.device.entities
        assert home.topics["openspeakers/availability"] == "online"


@pytest.mark.slow
async def test_a_choice_that_the_broker_retains_is_not_made_again(start: Start, house: Broker) -> None:
    service = await start()
    voices_file(service).write_text("anna")
    await _publish_retained(house.port, "openspeakers/entity/voice/set", "Fault: anna")
    async with announcing(service, house.port), home_assistant(house.port) as home:
        await settled(home)
        assert service.manager.defaults.voice == ""


def _is_longer(found: list[dict[str, Any]], before: int) -> bool:
    return len(found) > before


async def _publish_retained(port: int, topic: str, payload: str) -> None:
    async with listening(port) as house:
        await house.say(topic, payload, retain=True)
