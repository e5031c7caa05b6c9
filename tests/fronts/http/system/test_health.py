"""/health and /healthz through the life of a model, and who can reach them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import ifaddr
import pytest
from fault_models import models_file
from side_server import serving

from wyoming_openspeakers import __version__
from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.errors import ConfigError
from wyoming_openspeakers.events import Gpu, GpusRead
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

StartService = Callable[..., Any]


def url(service: Service) -> str:
    return next(address for address in service.addresses if address.startswith("http:"))


async def health(service: Service) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{url(service)}/health") as answer:
        assert answer.status == 200 and answer.content_type == "application/json"
        status: dict[str, Any] = await answer.json()
        return status


@pytest.mark.slow
async def test_a_model_that_loads_and_speaks(start: StartService) -> None:
    service = await start(models_file(fault={"load_seconds": 0.5}))
    loading = await health(service)
    assert (loading["status"], loading["version"], loading["models"]) == ("ok", __version__, {"fault": "loading"})
    await service.manager.load("fault")
    idle = await health(service)
    assert idle["models"] == {"fault": "resident"}
    assert [(worker["name"], worker["busy"]) for worker in idle["workers"]] == [("service/faults.engine", 0)]
    async with service.speech.speak(SpeechRequest(), "tone sleep:5.") as response:
        await anext(response.pcm())
        busy = await health(service)
        assert [worker["busy"] for worker in busy["workers"]] == [1]
        assert busy["workers"][0]["pid"] == idle["workers"][0]["pid"]


async def test_a_model_that_nobody_asked_for_is_cold(start: StartService) -> None:
    models = models_file(fault={}, other={})
    models["models"]["other"]["standby"] = False
    assert (await health(await start(models)))["models"]["other"] == "cold"


@pytest.mark.slow
async def test_segments_that_wait_are_counted(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    assert (await health(service))["waiting"] == 0
    responses = [service.speech.speak(SpeechRequest(client=str(n)), "sleep:5.") for n in range(6)]
    for response in responses:
        await response.__aenter__()
    await asyncio.sleep(0.2)
    assert (await health(service))["waiting"] == 2
    for response in responses:
        await response.__aexit__(None, None, None)


async def test_what_there_is_not(start: StartService) -> None:
    service = await start()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url(service)}/nothing") as answer:
            assert answer.status == 404
        async with session.post(f"{url(service)}/health") as answer:
            assert answer.status == 405


async def test_by_default_only_this_machine_reaches_it(tmp_path: Path) -> None:
    assert load_config().http.address.startswith("127.0.0.1:")
    async with serving(tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        addresses = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
        for address in (address for address in addresses if not str(address).startswith("127.")):
            with pytest.raises(OSError):
                await asyncio.open_connection(str(address), port)


async def test_an_empty_address_is_no_server(start: StartService) -> None:
    assert not [address for address in (await start(http__address="")).addresses if address.startswith("http")]


async def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path) -> None:
    async with serving(tmp_path / "first") as first:
        taken = first.url.removeprefix("http://")
        with pytest.raises(ConfigError, match=f"{taken}.*--http"):
            async with serving(tmp_path / "second", http__address=taken):
                pass


async def test_without_the_key_only_that_it_runs(start: StartService) -> None:
    service = await start(http__api_key="key")
    assert await health(service) == {"status": "ok", "version": __version__}
    headers = {"Authorization": "Bearer key"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{url(service)}/health") as answer:
        assert "models" in await answer.json()


async def healthz(service: Service, status: int = 200) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{url(service)}/healthz") as answer:
        assert answer.status == status and answer.content_type == "application/json"
        told: dict[str, Any] = await answer.json()
        return told


async def test_a_service_that_can_speak_says_with_what(start: StartService) -> None:
    service = await start(models__gpu_interval=0)
    await service.manager.load("fault")
    assert await healthz(service) == {
        "status": "ok",
        "version": __version__,
        "device": "cpu",
        "voice": "fault/plain",
        "model": "resident",
        "problem": None,
    }


async def test_the_compute_device_is_the_best_that_models_can_run_on(
    start: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = Gpu(1, "GPU-1", "Seeming", 8_000_000_000, 0)
    monkeypatch.setattr("wyoming_openspeakers.models.gpu.gpus.Gpus.read", lambda self: GpusRead((gpu,)))
    assert (await healthz(await start()))["device"] == "cuda:1 (Seeming)"


async def test_a_service_without_a_voice_is_not_well(start: StartService) -> None:
    service = await start({"models": {"hibari": {"enabled": False}}})
    told = await healthz(service, 503)
    assert (told["status"], told["voice"], told["model"]) == ("unavailable", None, None)
    assert "wyoming-openspeakers check" in told["problem"] and told["detail"] == told["problem"]
    assert (await health(service))["status"] == "ok", "the service as such runs"


@pytest.mark.slow
async def test_a_service_whose_default_voice_keeps_crashing_is_not_well(start: StartService) -> None:
    service = await start(models_file(fault={"load_crash": True}), http__api_key="key")
    async with asyncio.timeout(20):
        while True:
            told = await healthz_whatever(service)
            if told["status"] != "ok":
                break
            await asyncio.sleep(0.1)
    assert told["problem"] == "The default voice cannot speak", "no details without the key"


async def healthz_whatever(service: Service) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{url(service)}/healthz") as answer:
        told: dict[str, Any] = await answer.json()
        assert answer.status == (200 if told["status"] == "ok" else 503)
        return told
