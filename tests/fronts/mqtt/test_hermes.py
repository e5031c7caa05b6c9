"""Rhasspy 2: what sites ask for is sent to them, one text after another, and dialogues always learn the end."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fault_models import models_file
from fronts.mqtt.brokers import MOSQUITTO, Broker
from fronts.mqtt.commanded import Sender, commanded

pytestmark = pytest.mark.slow

Start = Callable[..., Any]

SAY, SAID, ERROR = "hermes/tts/say", "hermes/tts/sayFinished", "hermes/error/tts"


def sent(it: Sender) -> list[tuple[str, str, bytes]]:
    """Site, request and audio of all that was to be played, in order."""
    played = [(topic.split("/"), audio) for topic, audio in it.got if "/playBytes/" in topic]
    assert all(topic[:2] == ["hermes", "audioServer"] and len(topic) == 5 for topic, _ in played)
    return [(topic[2], topic[4], audio) for topic, audio in played]


def samples(audio: bytes) -> Any:
    """Those of a WAV whose header is right."""
    with wave.open(io.BytesIO(audio)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        data = file.readframes(file.getnframes())
        assert file.getnframes() * 2 == len(audio) - 44
        return np.frombuffer(data, np.int16)


async def played(it: Sender, site: str, request: str) -> None:
    await it.send(f"hermes/audioServer/{site}/playFinished", {"id": request, "siteId": site, "sessionId": ""})


@pytest.fixture
def any_broker(request: pytest.FixtureRequest) -> Broker:
    """The quicker one to start of those that are here."""
    found: Broker = request.getfixturevalue("mosquitto" if MOSQUITTO else "amqtt")
    return found


async def test_a_text_is_played_where_it_was_asked_for(start: Start, broker: Broker) -> None:
    async with commanded(await start(), broker) as it:
        await it.send(SAY, {"text": "tone tone.", "siteId": "kitchen", "id": "r1", "sessionId": "s1", "init": {}})
        await it.until(lambda: sent(it))
        ((site, request, audio),) = sent(it)
        assert (site, request) == ("kitchen", "r1") and 0.1 < len(samples(audio)) / 16000 < 0.5
        assert it.told(SAID) == []
        await played(it, "bath", "r1")
        await played(it, "kitchen", "r0")
        await it.send("hermes/audioServer/kitchen/playFinished", "{")
        await played(it, "kitchen", "r1")
        assert await it.heard(SAID) == {"siteId": "kitchen", "id": "r1", "sessionId": "s1"}
        assert it.told(ERROR) == []


async def test_the_least_that_can_be_asked(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.send(SAY, {"text": "tone.", "lang": None, "id": None, "sessionId": None, "volume": None})
        await it.until(lambda: sent(it))
        ((site, request, _),) = sent(it)
        assert site == "default"
        await played(it, "default", request)
        assert await it.heard(SAID) == {"siteId": "default", "id": None, "sessionId": None}


async def test_a_site_that_never_says_that_it_has_played(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.send(SAY, {"text": "tone.", "id": "r1"})
        await it.until(lambda: sent(it))
        began = asyncio.get_running_loop().time()
        await it.heard(SAID, id="r1")
        assert 1.8 < asyncio.get_running_loop().time() - began < 4


async def test_each_site_hears_one_text_at_a_time_in_order(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        for number in range(3):
            for site in ("kitchen", "bath"):
                await it.send(SAY, {"text": "tone.", "siteId": site, "id": f"{site}{number}"})
        for number in range(3):
            for site in ("kitchen", "bath"):
                mine = [f"{site}{count}" for count in range(number + 1)]
                await it.until(lambda: [request for at, request, _ in sent(it) if at == site] == mine)  # noqa: B023
                await played(it, site, f"{site}{number}")
                await it.heard(SAID, id=f"{site}{number}")


async def test_loudness_language_and_voice(start: Start, any_broker: Broker) -> None:
    service = await start(
        models_file(fault={"languages": ["en-US"]}, other={"languages": ["de-DE"]}),
        audio__loudness=None,
        voice__default="fault/plain",
    )
    ended: list[Any] = []
    service.bus.subscribe(lambda event: ended.append(event.voice) if type(event).__name__ == "SpeechEnded" else None)
    async with commanded(service, any_broker) as it:
        asked: list[dict[str, Any]] = [
            {"volume": 1}, {"volume": 0.5}, {"volume": 0}, {"volume": 99}, {"lang": "de_DE"}, {"lang": "other/plain"},
            {"lang": "tlh"},
        ]  # fmt: skip
        for number, more in enumerate(asked):
            await it.send(SAY, {"text": "tone.", "id": str(number), **more})
            await it.until(lambda: len(sent(it)) > number)  # noqa: B023
            await played(it, "default", str(number))
            await it.heard(SAID, id=str(number))
        full, half, none, most = (int(abs(samples(audio).astype(int)).max()) for _, _, audio in sent(it)[:4])
        assert full > 1000 and half == pytest.approx(full / 2, rel=0.01) and none == 0 and most == 32768
        assert ended[4:] == ["other/plain", "other/plain", "fault/plain"]


async def test_what_fails_is_told_and_ends(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(text__max_characters=100), any_broker) as it:
        await it.send(SAY, {"text": "fail.", "siteId": "bath", "id": "r1", "sessionId": "s1"})
        error = await it.heard(ERROR)
        assert "headache" in error.pop("error")
        assert error == {"siteId": "bath", "context": "r1", "sessionId": "s1"}
        assert await it.heard(SAID) == {"siteId": "bath", "id": "r1", "sessionId": "s1"}
        await it.send(SAY, {"text": "x" * 101, "id": "r2"})
        assert "at most 100" in (await it.heard(ERROR, context="r2"))["error"]
        await it.send(SAY, {"text": " ", "id": "r3"})
        await it.heard(SAID, id="r3")
        assert len(it.told(ERROR)) == 2 and sent(it) == []


async def test_a_site_must_be_one_part_of_a_topic(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        for number, site in enumerate(["a/b", "+", "#", "", "a\n", "$SYS", "x" * 201, 5, None]):
            await it.send(SAY, {"text": "tone.", "siteId": site, "id": f"r{number}"})
            assert (await it.heard(ERROR, siteId="default", context=f"r{number}"))["error"].startswith("siteId")
            await it.heard(SAID, id=f"r{number}")
        assert sent(it) == []


async def test_an_id_that_is_no_part_of_a_topic_comes_back_nevertheless(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.send(SAY, {"text": "tone.", "id": "a/b+#"})
        await it.until(lambda: sent(it))
        ((site, request, _),) = sent(it)
        await played(it, site, request)
        await it.heard(SAID, id="a/b+#")


async def test_what_is_no_message_is_told_once(start: Start, any_broker: Broker) -> None:
    payloads = [b"", b"{", b"[]", b"\xff", b'{"text": 5}', b'{"text": "a", "volume": NaN}', b"hi", b"[" * 9000]
    async with commanded(await start(), any_broker) as it:
        for number, payload in enumerate(payloads, 1):
            await it.send(SAY, payload)
            await it.until(lambda: len(it.told(SAID)) >= number)  # noqa: B023
        assert len(it.told(ERROR)) == len(it.told(SAID)) == len(payloads)
        assert {error["siteId"] for error in it.told(ERROR)} == {"default"}


async def test_too_many_texts_for_a_site(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        for number in range(30):
            await it.send(SAY, {"text": "tone.", "id": str(number)})
        await it.until(lambda: len(it.told(ERROR)) == 9)
        assert [error["context"] for error in it.told(ERROR)] == [str(number) for number in range(21, 30)]
        await it.send(SAY, {"text": "tone.", "siteId": "bath", "id": "other"})
        await it.until(lambda: {site for site, _, _ in sent(it)} == {"default", "bath"})
        await it.command("stop")
        await it.until(lambda: len(it.told(SAID)) == 31)
        assert [error["error"] for error in it.told(ERROR)[9:]] == ["It was stopped"] * 20
        assert len(sent(it)) == 2


async def test_a_retained_text_is_not_spoken(start: Start, any_broker: Broker) -> None:
    service = await start()
    async with commanded(service, any_broker) as it:
        await it.send(SAY, {"text": "tone.", "id": "now"}, retain=True)
        await it.until(lambda: sent(it))
    async with commanded(service, any_broker) as it:
        assert "retain" in (await it.heard(ERROR))["error"]
        assert sent(it) == []


async def test_voices_are_listed(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.send("rhasspy/tts/getVoices", {"id": "v", "siteId": "kitchen"})
        voices = [{"voiceId": "fault/plain", "description": "Plain"}]
        assert await it.heard("rhasspy/tts/voices") == {"voices": voices, "id": "v", "siteId": "kitchen"}


async def test_those_who_wait_are_told_when_the_service_stops(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        await it.send(SAY, json.dumps({"text": "tone.", "id": "r1"}))
        await it.until(lambda: sent(it))
        it.service.speech.refuse_more()
        await it.send(SAY, json.dumps({"text": "tone.", "id": "r2", "siteId": "bath"}))
        assert "stopping" in (await it.heard(ERROR, context="r2"))["error"]
