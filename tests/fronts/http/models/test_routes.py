"""The models of a real service over HTTP: what is told of them, in and out of memory."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fault_models import models_file
from fronts.http.models.asked import Ask, one

from wyoming_openspeakers.events import ModelStateChanged
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow


# What is told


async def test_all_that_is_to_know_of_a_model(client: Ask) -> None:
    entry: dict[str, Any] = {
        "name": "Fault",
        "description": "Fails on command",
        "licence": "MIT",
        "url": "https://example.org",
        "aliases": ["tts-9"],
        "vram": "1.5GB",
        "ram": "200MB",
        "gated": False,
        "sample_rate": 16000,
        "parameters": {"level": 0.5, "languages": ["de-DE", "en-US"]},
    }
    async with client(one(**entry)) as it:
        told = await it.model()
        assert await it.model("tts-9") == told
        assert await it.ask("GET", "/api/models") == [told]
    parameters = told.pop("parameters")
    # What is configured, or what was measured when it had been loaded in the meantime.
    assert 0 <= told.pop("ram_gb_estimate") <= 0.2
    assert told == {
        "id": "fault",
        "name": "Fault",
        "description": "Fails on command",
        "engine": "faults.engine",
        "aliases": ["tts-9"],
        "supports_voice_cloning": False,
        "supports_streaming": True,
        "supports_speed": True,
        "supports_pitch": True,
        "supports_dialogue": False,
        "supports_instructions": False,
        "supports_voice_design": False,
        "supports_mixing": False,
        "supports_words": False,
        "supported_languages": ["de-DE", "en-US"],
        "default_voice": "plain",
        "voices": 1,
        "sample_rate": 16000,
        "hf_repo": None,
        "revision": None,
        "url": "https://example.org",
        "license": "MIT",
        "non_commercial": False,
        "engine_license": "",
        "gated": False,
        "vram_gb_estimate": 0.0,
        "installed": True,
        "problem": None,
        "load_failure": None,
        "disk_bytes": 0,
        "downloads_by_voice": False,
        "download_bytes": 0,
        "download": None,
        "partial_bytes": 0,
        "is_loaded": told["is_loaded"],
        "status": told["status"],
        "device": told["device"],
        "memory": told["memory"],
        "standby": False,
        "keep_alive_seconds_remaining": told["keep_alive_seconds_remaining"],
    }
    assert parameters["type"] == "object"
    assert parameters["properties"]["speed"] == {"type": "number", "minimum": 0.5, "maximum": 2.0, "default": 1.0}
    assert (parameters["properties"]["pitch"]["minimum"], parameters["properties"]["pitch"]["maximum"]) == (-12, 12)
    assert parameters["properties"]["level"] == {"type": "number", "default": 0.5, "x-in": "extra"}


async def test_a_model_that_cannot_be_used_says_how_to_mend_that(client: Ask) -> None:
    models = {"models": {"hibari": {"enabled": False}, "kokoro": {"languages": ["en-GB"]}}}
    async with client(models) as it:
        piper, kokoro = await it.model("piper"), await it.model("kokoro")
    assert not kokoro["installed"] and "models download kokoro" in kokoro["problem"]
    assert kokoro["url"] == "https://huggingface.co/hexgrad/Kokoro-82M"
    assert kokoro["hf_repo"] == "onnx-community/Kokoro-82M-v1.0-ONNX" and len(kokoro["revision"]) == 40
    assert (kokoro["status"], kokoro["is_loaded"], kokoro["memory"], kokoro["voices"]) == ("cold", False, {}, 0)
    assert kokoro["supported_languages"] == ["en-GB"]
    assert "piper/VOICE" in piper["problem"]


async def test_a_public_list_tells_nothing_of_the_machine(client: Ask) -> None:
    models = one()
    models["models"]["kokoro"] = {}
    async with client(models, http__api_key="key", http__public_listing=True) as it:
        for told in (await it.model("kokoro"), (await it.ask("GET", "/api/models"))[0]):
            assert (told["id"], told["installed"]) == ("kokoro", False)
            assert told["problem"] == "It cannot be used as things are"
        it.service.bus.publish(ModelStateChanged("fault", "failed", "/home/me/weights is damaged"))
        assert (await it.model("fault"))["load_failure"] is None
        await it.ask("GET", "/api/downloads", 401)
        key = {"Authorization": "Bearer key"}
        assert "models download kokoro" in (await it.ask("GET", "/api/models/kokoro", headers=key))["problem"]


@pytest.mark.parametrize("path", ["/api/models/nope", "/api/models/owner/name"])
async def test_a_model_that_is_not_there(client: Ask, path: str) -> None:
    async with client(one()) as it:
        told = await it.ask("GET", path, 404)
        assert told["code"] == "unknown-model" and "fault" in told["detail"]


async def test_a_list_of_thirty_models_is_told_at_once(client: Ask) -> None:
    models = models_file(**{f"m{n}": {} for n in range(30)})
    for entry in models["models"].values():
        entry["standby"] = False
    async with client(models) as it:
        assert len(await it.ask("GET", "/api/models")) == 30
        times = []
        for _ in range(20):
            began = time.monotonic()
            await it.ask("GET", "/api/models")
            times.append(time.monotonic() - began)
        assert sorted(times)[len(times) // 2] < 0.05, "20 ms on a machine that does nothing else"


# In memory


async def test_load_park_and_unload(client: Ask) -> None:
    async with client(one(parameters={"megabytes": 32})) as it:
        await it.ask("DELETE", "/api/models/fault/load")
        loaded = await it.ask("POST", "/api/models/fault/load", json={"keep_alive": "5m"})
        assert (loaded["status"], loaded["is_loaded"], loaded["device"]) == ("resident", True, "cpu")
        assert loaded["memory"]["cpu"] > 0
        assert 290 < loaded["keep_alive_seconds_remaining"] <= 300
        parked = await it.ask("POST", "/api/models/fault/park")
        assert (parked["status"], parked["is_loaded"], parked["device"]) == ("parked", False, "cpu")
        gone = await it.ask("DELETE", "/api/models/fault/load")
        assert (gone["status"], gone["device"], gone["memory"]) == ("cold", None, {})
        assert gone["keep_alive_seconds_remaining"] is None
        told = await it.ask("POST", "/api/models/fault/park", 409)
        assert told["code"] == "conflict"


@pytest.mark.parametrize("body", [None, {"keep_alive": None}])
async def test_a_model_that_is_kept_for_good_has_no_end(client: Ask, body: Any) -> None:
    async with client(one(standby=True)) as it:
        loaded = await it.ask("POST", "/api/models/fault/load", **({} if body is None else {"json": body}))
        assert (loaded["standby"], loaded["keep_alive_seconds_remaining"]) == (True, None)


@pytest.mark.parametrize("keep_alive", ["soon", True, [1]])
async def test_a_time_that_is_none_is_refused(client: Ask, keep_alive: Any) -> None:
    async with client(one()) as it:
        told = await it.ask("POST", "/api/models/fault/load", 422, json={"keep_alive": keep_alive})
        assert "keep_alive" in str(told)


@pytest.mark.slow
async def test_loading_fails_as_it_does(client: Ask) -> None:
    models = one()
    models["models"]["large"] = {"engine": "faults.engine", "ram": "500GB", "voice": "plain"}
    models["models"]["broken"] = {"engine": "faults.engine", "voice": "plain", "parameters": {"load_fail": True}}
    models["models"]["kokoro"] = {}
    async with client(models) as it:
        assert (await it.ask("POST", "/api/models/kokoro/load", 409))["code"] == "model-unavailable"
        assert (await it.ask("POST", "/api/models/large/load", 503))["code"] == "out-of-memory"
        told = await it.ask("POST", "/api/models/broken/load", 409)
        assert "damaged" in told["detail"]
        assert (await it.ask("POST", "/api/models/nope/load", 404))["code"] == "unknown-model"
        for model, words in (("broken", "the weights are damaged"), ("large", "500.0 GB"), ("kokoro", "no Kokoro")):
            failure = (await it.model(model))["load_failure"]
            assert words in failure["error"] and abs(failure["time"] - time.time()) < 60
        assert (await it.model("fault"))["load_failure"] is None


async def test_a_failure_is_told_until_the_model_is_loaded(client: Ask) -> None:
    async with client(one()) as it:
        it.service.bus.publish(ModelStateChanged("fault", "failed", "the disk was away"))
        assert (await it.model())["load_failure"]["error"] == "the disk was away"
        assert (await it.ask("POST", "/api/models/fault/load"))["load_failure"] is None


async def test_licences_that_forbid_to_earn_money_are_told(client: Ask) -> None:
    async with client(one(licence="CC-BY-NC-4.0")) as it:
        assert (await it.model())["non_commercial"] is True


async def test_a_licence_that_nobody_named_is_unknown(client: Ask) -> None:
    async with client(one(licence="")) as it:
        model = await it.model()
        assert (model["license"], model["non_commercial"]) == ("unknown", False)


async def test_a_model_that_speaks_has_no_end_in_sight(client: Ask) -> None:
    request = SpeechRequest(keep_alive=60)
    async with client(one()) as it, it.service.speech.speak(request, "tone sleep:5.") as response:
        await anext(response.pcm())
        assert (await it.model())["keep_alive_seconds_remaining"] is None
