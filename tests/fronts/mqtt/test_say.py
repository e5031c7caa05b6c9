"""Texts that are spoken by command: where the audio is, who is told, and what is stopped."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fault_models import journal, models_file
from fronts.mqtt.brokers import MOSQUITTO, Broker
from fronts.mqtt.commanded import Sender, commanded

from wyoming_openspeakers.events import SpeechEnded

pytestmark = pytest.mark.slow

Start = Callable[..., Any]

FIELDS = {"event_type", "id", "job", "state", "url", "duration", "error", "code", "voice"}


async def fetched(url: str) -> tuple[str, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200, await answer.text()
        return answer.headers["Content-Type"], await answer.read()


def seconds(audio: bytes) -> float:
    """Of a WAV, whose header does not tell it where it is made while it is sent."""
    with wave.open(io.BytesIO(audio)) as file:
        rate: int = file.getframerate()
        return len(file.readframes(len(audio))) / 2 / rate


@pytest.fixture
def any_broker(request: pytest.FixtureRequest) -> Broker:
    """The quicker one to start of those that are here."""
    found: Broker = request.getfixturevalue("mosquitto" if MOSQUITTO else "amqtt")
    return found


async def test_plain_text_is_spoken_and_can_be_fetched_at_once(start: Start, broker: Broker) -> None:
    async with commanded(await start(), broker) as it:
        await it.command("say", "tone tone tone.")
        done = await it.event("say", state="complete")
        assert done.keys() == FIELDS and done["event_type"] == "complete"
        assert (done["id"], done["error"], done["code"], done["voice"]) == (None, None, None, "fault/plain")
        assert 0.2 < done["duration"] < 0.5
        kind, audio = await fetched(done["url"])
        assert kind == "audio/mpeg" and len(audio) > 500
        accepted, complete = it.events("say")
        assert accepted["state"] == "accepted" and accepted["url"] is None
        assert accepted["job"] == complete["job"]


@pytest.mark.parametrize("priority", ["interactive", "job", "batch"])
async def test_a_text_is_spoken_as_it_is_asked_for(
    start: Start, any_broker: Broker, tmp_path: Path, priority: str
) -> None:
    book = tmp_path / "journal"
    service = await start(models_file(fault={}, other={"journal": str(book), "languages": ["de-DE"]}))
    ended: list[SpeechEnded] = []
    service.bus.subscribe(lambda event: ended.append(event) if isinstance(event, SpeechEnded) else None)
    async with commanded(service, any_broker) as it:
        ask = {"text": "tone tone.", "model": "other", "voice": "plain", "language": "de", "speed": 1.5, "pitch": None}
        more = {"format": "wav", "id": 7, "priority": priority, "keep_alive": "5m"}
        await it.command("say", {**ask, **more})
        done = await it.event("say", state="complete", id=7)
        assert done["voice"] == "other/plain"
        kind, audio = await fetched(done["url"])
        assert kind == "audio/wav" and seconds(audio) == pytest.approx(done["duration"], abs=0.05)
    assert journal(book) == [{"text": "tone tone.", "speed": 1.5, "language": "de"}]
    (spoken,) = ended
    assert (spoken.front, spoken.client) == ("mqtt", "mqtt")
    assert spoken.kind == {"interactive": "live"}.get(priority, priority)


async def test_where_live_audio_is_not_kept_it_is_a_job(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(history__audio="jobs"), any_broker) as it:
        await it.command("say", "tone.")
        done = await it.event("say", state="complete")
        assert f"/jobs/{done['job']}/" in done["url"]
        assert (await fetched(done["url"]))[0] == "audio/mpeg"


async def test_without_a_side_server_there_is_no_url(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker, url="") as it:
        await it.command("say", {"text": "tone.", "id": "a"})
        await it.command("say", {"text": "tone.", "id": "b", "priority": "job"})
        assert (await it.event("say", state="complete", id="a"))["url"] is None
        assert (await it.event("say", state="complete", id="b"))["url"] is None


@pytest.mark.parametrize("priority", ["interactive", "job"])
async def test_what_fails_is_told_once(start: Start, any_broker: Broker, priority: str) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.command("say", {"text": "fail.", "id": "x", "priority": priority})
        failed = await it.event("say", state="failed")
        assert failed["id"] == "x" and "headache" in failed["error"] and failed["code"] == "synthesis-failed"
        await it.command("say", {"text": "tone.", "id": "y", "priority": priority})
        await it.event("say", state="complete", id="y")
        assert [event["state"] for event in it.events("say") if event["id"] == "x"] == ["accepted", "failed"]
        assert it.events("error") == []


@pytest.mark.parametrize("priority", ["interactive", "job"])
async def test_stop_ends_all_that_is_spoken_and_that_waits(start: Start, any_broker: Broker, priority: str) -> None:
    async with commanded(await start(jobs__at_once=1), any_broker) as it:
        for id in range(4):
            await it.command("say", {"text": "tone sleep:20 tone.", "id": id, "priority": priority})
            await it.event("say", state="accepted", id=id)
        began = asyncio.get_running_loop().time()
        await it.command("stop", "PRESS")
        for id in range(4):
            failed = await it.event("say", state="failed", id=id)
            assert (failed["code"], failed["error"]) == ("stopped", "It was stopped")
        assert asyncio.get_running_loop().time() - began < 5
        await it.command("say", {"text": "tone.", "id": "next", "priority": priority})
        await it.event("say", state="complete", id="next")
        assert len(it.events("say")) == 10


async def test_stop_comes_after_the_texts_that_came_before_it(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        for id in range(5):
            await it.command("say", {"text": "sleep:20 tone.", "id": id})
        await it.command("stop")
        for id in range(5):
            await it.until(lambda id=id: _ends(it, id))
        assert all(_ends(it, id) == ["stopped"] for id in range(5))


def _ends(it: Sender, id: int) -> list[str]:
    events = [*it.events("say"), *it.events("error")]
    return [event["code"] for event in events if event["id"] == id and event["event_type"] in ("failed", "error")]


async def test_nobody_waits_for_a_text_whose_voice_is_looked_for(
    start: Start, any_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await start()
    found = asyncio.Event()

    async def look(name: str) -> Any:
        await found.wait()
        return service.manager.catalog

    monkeypatch.setattr(service.manager, "voices_with", look)
    async with commanded(service, any_broker) as it:
        await it.command("say", {"text": "tone.", "voice": "far/away", "id": "late"})
        await it.command("say", {"text": "tone.", "id": "soon"})
        await it.event("say", state="complete", id="soon")
        found.set()
        assert (await it.event("error", id="late"))["code"] == "unknown-voice"


async def test_too_many_texts_are_answered_busy(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        for id in range(40):
            await it.command("say", {"text": "sleep:20 tone.", "id": id})
        await it.until(lambda: len(it.events("error")) == 8)
        assert {error["code"] for error in it.events("error")} == {"busy"}
        await it.command("stop")
        await it.until(lambda: len(it.events("say")) == 64)


async def test_texts_are_not_logged(start: Start, any_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with commanded(await start(), any_broker) as it:
        await it.command("say", "secretword tone.")
        await it.event("say", state="complete")
        await it.command("say", {"text": "secretword fail.", "id": 1})
        await it.event("say", state="failed")
        await it.command("say", {"text": "secretword", "voice": "nobody"})
        await it.event("error")
        await it.command("say", '{"text": "secretword')
        await it.until(lambda: len(it.events("error")) == 2)
    assert "secretword" not in caplog.text
