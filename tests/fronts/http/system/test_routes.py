"""What a real service tells of itself and its machine."""

from __future__ import annotations

import asyncio
import json
import platform
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from fronts.mqtt.brokers import free_port
from wyoming_client import Client

from wyoming_openspeakers import __version__
from wyoming_openspeakers.events import Gpu, GpusRead
from wyoming_openspeakers.models.queue import Urgency
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

StartService = Callable[..., Any]


async def ask(service: Service, path: str, status: int = 200, **more: Any) -> Any:
    """What is answered, which must have this status."""
    url = next(address for address in service.addresses if address.startswith("http:"))
    async with aiohttp.ClientSession(url) as session, session.get(path, **more) as answer:
        assert answer.status == status
        return await answer.json()


async def test_what_the_service_runs_on_and_where(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    told = await ask(service, "/api/system/info")
    assert (told["name"], told["version"]) == ("wyoming-openspeakers", __version__)
    assert (told["python"], told["machine"]) == (platform.python_version(), platform.machine())
    assert told["cores"] >= 1 and told["memory"]["total"] >= told["memory"]["available"] > 0
    assert told["device"].startswith(("cpu", "cuda", "mps")) and 0 <= told["uptime"] < 60
    assert told["pools"]["cpu"]["budget"] > 0
    assert [worker["name"] for worker in told["workers"]] == ["service/faults.engine"]
    assert {address.partition(":")[0] for address in told["addresses"]} == {"tcp", "http"}


async def test_the_gpus_as_they_are_now(start: StartService) -> None:
    service = await start(models__gpu_interval=0)
    gpu = Gpu(0, "GPU-0", "Seeming", 9, 5, utilisation=7, temperature=50, power=1.5, models={"fault": 3})
    service.bus.publish(GpusRead((gpu,)))
    told = await ask(service, "/api/system/gpu")
    assert told["problem"] is None
    assert told["gpus"] == [
        {
            "index": 0,
            "uuid": "GPU-0",
            "name": "Seeming",
            "memory_total": 9,
            "memory_used": 5,
            "utilisation": 7,
            "temperature": 50,
            "power": 1.5,
            "models": {"fault": 3},
        }
    ]
    service.bus.publish(GpusRead((), "it is not plugged in"))
    assert await ask(service, "/api/system/gpu") == {"gpus": [], "problem": "it is not plugged in"}


async def test_who_waits_for_which_model(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    assert await ask(service, "/api/system/queue") == {"waiting": 0, "models": []}
    async with AsyncExitStack() as stack:
        for n in range(4):
            await stack.enter_async_context(service.speech.speak(SpeechRequest(client=str(n)), "sleep:9."))
        await asyncio.sleep(0.1)
        batch = SpeechRequest(client="batch", job="b1", urgency=Urgency.BATCH)
        await stack.enter_async_context(service.speech.speak(batch, "sleep:9."))
        await stack.enter_async_context(service.speech.speak(SpeechRequest(client="me", job="j1"), "sleep:9."))
        await asyncio.sleep(0.1)
        told = await ask(service, "/api/system/queue")
    assert told == {
        "waiting": 2,
        "models": [
            {
                "model": "fault",
                "status": "resident",
                "waiting": [
                    {"position": 0, "client": "me", "urgency": "interactive", "job": "j1"},
                    {"position": 1, "client": "batch", "urgency": "batch", "job": "b1"},
                ],
            }
        ],
    }


async def test_the_settings_without_their_secrets(start: StartService) -> None:
    service = await start(http__api_key="s3cret-key", hub__token="hf_s3cret")  # noqa: S106 - nobody's
    told = await ask(service, "/api/system/config", headers={"Authorization": "Bearer s3cret-key"})
    assert told["limits"]["queue"] == 100 and told["text"]["numbers"] is False
    assert told["http"]["api_key"] and told["hub"]["token"] and not told["history"]["database"]
    assert "s3cret" not in json.dumps(told)


async def test_each_way_in_tells_how_it_is(start: StartService) -> None:
    service = await start(http__public_url="https://voice.home")
    async with Client(service.addresses[0]) as one, Client(service.addresses[0]) as other:
        await one.info()
        await other.info()
        told = await ask(service, "/api/system/fronts")
    assert told == {
        "wyoming": {
            "addresses": [service.addresses[0]],
            "clients": ["127.0.0.1", "127.0.0.1"],
            "most": service.config.wyoming.max_connections,
        },
        "http": {
            "address": service.addresses[1],
            "public_url": "https://voice.home",
            "has_tls": True,
            "wants_key": False,
        },
        "mqtt": {"state": "off", "broker": "", "problem": None},
        "discovery": {"state": "off", "name": "", "addresses": [], "problem": None},
    }
    async with asyncio.timeout(5):
        while (await ask(service, "/api/system/fronts"))["wyoming"]["clients"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_what_keeps_others_from_finding_the_service_is_told(start: StartService) -> None:
    service = await start(wyoming__zeroconf=True, mqtt__host="127.0.0.1", mqtt__port=free_port())
    broker = f"127.0.0.1:{service.config.mqtt.port}"
    async with asyncio.timeout(10):
        while (told := await ask(service, "/api/system/fronts"))["mqtt"]["state"] != "disconnected":
            assert told["mqtt"]["state"] == "connecting"
            await asyncio.sleep(0.02)
        while (told := await ask(service, "/api/system/fronts"))["discovery"]["state"] == "starting":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert told["mqtt"]["broker"] == broker
    assert told["mqtt"]["problem"] == f"Nobody listens at {broker}; check mqtt.port, or start the broker"
    assert told["discovery"]["state"] == "failed"
    assert told["discovery"]["problem"] == f"{service.addresses[0]} cannot be reached from other machines"


async def test_a_key_that_clients_must_show_is_told(start: StartService) -> None:
    service = await start(http__api_key="s3cret-key")
    told = await ask(service, "/api/system/fronts", headers={"Authorization": "Bearer s3cret-key"})
    assert (told["http"]["wants_key"], told["http"]["has_tls"]) == (True, False)


async def test_without_the_key_nothing_is_told(start: StartService) -> None:
    service = await start(http__api_key="s3cret-key", http__public_listing=True)
    for path in ("info", "gpu", "queue", "config", "fronts"):
        assert (await ask(service, f"/api/system/{path}", 401))["code"] == "invalid-api-key"
