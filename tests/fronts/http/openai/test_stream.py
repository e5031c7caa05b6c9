"""Speech for OpenAI's own client, unmodified, from an engine that can be told to stall and to fail."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import openai
import pytest
from conftest import ServeProcess
from fault_models import journal, models_file
from managed import until
from openai_client import begun, client, say, seconds_of, serve_models, url
from processes import SHARED

from wyoming_openspeakers.events import SpeechEnded
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.audio.formats import FORMATS, MEDIA_TYPES, AudioFormat
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]

RATE = 24_000
TEN_TONES = "tone " * 9 + "tone."
ENDLESS = "tone " * 10 + "sleep:20"
RATES = (16_000, 22_050, 48_000)


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service for all tests that only speak."""
    tree = models_file(fault={}, **{f"at{rate}": {"rate": rate} for rate in RATES})
    process = serve_models(tmp_path_factory.mktemp("talker"), tree)
    SHARED.add(process.process.pid)
    yield process
    process.stop()


def endings(service: Service) -> list[SpeechEnded]:
    """How texts ended, from now on."""
    ended: list[SpeechEnded] = []
    service.bus.subscribe(lambda event: ended.append(event) if isinstance(event, SpeechEnded) else None)
    return ended


def busy(service: Service) -> int:
    """How many segments are in work."""
    return sum(worker.busy for worker in service.manager.workers())


async def until_idle(service: Service) -> float:
    """How long it takes until no segment is in work."""
    began = time.monotonic()
    await until(lambda: not busy(service))
    return time.monotonic() - began


# What comes


@pytest.mark.parametrize("audio_format", FORMATS)
async def test_every_format_has_all_of_the_sound_and_its_own_type(
    talker: ServeProcess, audio_format: AudioFormat
) -> None:
    answer = await say(talker, TEN_TONES, response_format=audio_format)
    headers = answer.response.headers
    assert headers["content-type"] == MEDIA_TYPES[audio_format]
    assert headers["cache-control"] == "no-store" and headers["x-request-id"]
    assert "content-length" not in headers and headers["transfer-encoding"] == "chunked"
    assert seconds_of(answer.content, audio_format) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("rate", RATES)
async def test_pcm_is_24_khz_whatever_the_engine_speaks(talker: ServeProcess, rate: int) -> None:
    samples = np.frombuffer((await say(talker, TEN_TONES, model=f"at{rate}")).content, np.int16)
    assert len(samples) / RATE == pytest.approx(1.0, abs=0.01)
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64)))
    assert np.argmax(spectrum) * RATE / len(samples) == pytest.approx(440, abs=2)


async def test_mp3_is_what_comes_when_nothing_is_asked(talker: ServeProcess) -> None:
    async with client(talker) as asking:
        answer = await asking.audio.speech.create(model="tts-1", voice="alloy", input=TEN_TONES)
    assert answer.response.headers["content-type"] == "audio/mpeg"
    with av.open(io.BytesIO(answer.content)) as container:
        assert container.streams.audio[0].codec_context.name.startswith("mp3")


async def test_a_wav_header_that_does_not_know_the_end_is_one_that_clients_read(talker: ServeProcess) -> None:
    content = (await say(talker, TEN_TONES, response_format="wav")).content
    assert content[:4] == b"RIFF" and content[8:16] == b"WAVEfmt " and content[36:40] == b"data"
    assert int.from_bytes(content[24:28], "little") == RATE
    assert len(content) - 44 == pytest.approx(2 * RATE, abs=0.06 * RATE)


@pytest.mark.parametrize("audio_format", FORMATS)
async def test_the_first_bytes_leave_long_before_the_last_are_made(
    talker: ServeProcess, audio_format: AudioFormat
) -> None:
    began = time.monotonic()
    async with begun(talker, ENDLESS, audio_format):
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("text", [".", "...", "😀", "- -"])
@pytest.mark.parametrize("audio_format", ["mp3", "pcm"])
async def test_what_has_no_words_is_a_little_silence(talker: ServeProcess, text: str, audio_format: str) -> None:
    # Home Assistant's openai_tts sets up with "." and wants to get something.
    assert len((await say(talker, text, response_format=audio_format)).content) > 100


async def test_a_dot_speaks_while_the_model_loads(start: StartService) -> None:
    service = await start(models_file(fault={"load_seconds": 1}))
    assert service.manager.state("fault") == "loading"
    assert (await say(service, ".", response_format="mp3")).content


# How it is asked for


async def test_all_that_is_asked_reaches_the_engine(start: StartService, tmp_path: Path) -> None:
    notes = tmp_path / "journal"
    service = await start(models_file(fault={"journal": str(notes), "languages": ["en-US", "de-DE"]}))
    ended = endings(service)
    extras = {"language": "de", "seed": 5, "keep_alive": "5m", "extra": {"level": 0.5}, "pitch": 0}
    await say(service, "tone tone", model="fault", voice="plain", speed=1.5, instructions="Gently.", extra_body=extras)
    assert journal(notes) == [{"text": "tone tone", "speed": 1.5, "language": "de"}]
    assert (ended[0].front, ended[0].voice, ended[0].kind) == ("http", "fault/plain", "live")
    assert ended[0].client.startswith("http/127.0.0.1/") and not ended[0].left


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "fault"])
@pytest.mark.parametrize("voice", ["cedar", "fault/plain", "plain", {"id": "plain"}])
async def test_models_and_voices_by_all_their_names(talker: ServeProcess, model: str, voice: Any) -> None:
    assert (await say(talker, "tone", model=model, voice=voice)).content


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "wav"},
        {"speed": None, "instructions": None, "stream_format": None, "voice": None, "extra": None, "language": None},
        {"lang_code": "en", "stream": True, "volume_multiplier": 1.0, "normalization_options": {"normalize": False}},
        {"model": ""},
    ],
)
async def test_what_other_clients_send(talker: ServeProcess, changes: dict[str, Any]) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": "tone tone", "format": "pcm", **changes}
    post: dict[str, Any] = {"json": body, "headers": {"Accept": "text/html"}}
    async with aiohttp.ClientSession() as asking, asking.post(f"{url(talker)}/v1/audio/speech", **post) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == ("audio/wav" if "format" in changes else "audio/pcm")


# Events


async def events(service: ServeProcess, text: str, **changes: Any) -> list[dict[str, Any]]:
    body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm", "stream_format": "sse"}
    speech = f"{url(service)}/v1/audio/speech"
    async with aiohttp.ClientSession() as asking, asking.post(speech, json={**body, **changes}) as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        lines = [line for line in (await answer.text()).split("\n") if line and not line.startswith("event: ")]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("audio_format", ["pcm", "mp3", "opus"])
async def test_events_bring_the_same_sound_and_then_what_it_came_to(
    talker: ServeProcess, audio_format: AudioFormat
) -> None:
    *pieces, last = await events(talker, TEN_TONES, response_format=audio_format)
    assert {event["type"] for event in pieces} == {"speech.audio.delta"}
    audio = b"".join(base64.b64decode(event["audio"]) for event in pieces)
    assert seconds_of(audio, audio_format) == pytest.approx(1.0, abs=0.03)
    usage = {"input_tokens": 13, "output_tokens": 20, "total_tokens": 33}
    assert last == {"type": "speech.audio.done", "usage": usage}


async def test_a_failure_after_the_start_is_an_event(talker: ServeProcess) -> None:
    *pieces, last = await events(talker, f"{TEN_TONES} fail.")
    assert {event["type"] for event in pieces} == {"speech.audio.delta"}
    assert last["type"] == "error" and "headache" in last["error"]["message"]
    assert set(last["error"]) == {"message", "type", "param", "code"}


# What goes wrong before the first byte


@pytest.mark.parametrize(
    ("changes", "error", "param", "code", "words"),
    [
        ({"input": ""}, openai.BadRequestError, "input", "invalid_request", "input"),
        ({"input": " \n"}, openai.BadRequestError, "input", "invalid_request", "no text"),
        ({"input": 5}, openai.BadRequestError, "input", "invalid_request", "string"),
        ({"input": "x" * 200_001}, openai.APIStatusError, "input", "text_too_long", "at most 200000"),
        ({"speed": 0.2}, openai.BadRequestError, "speed", "invalid_request", "0.25"),
        ({"speed": 4.1}, openai.BadRequestError, "speed", "invalid_request", "4"),
        ({"response_format": "ogg"}, openai.BadRequestError, "response_format", "invalid_request", "mp3"),
        ({"stream_format": "ws"}, openai.BadRequestError, "stream_format", "invalid_request", "sse"),
        ({"model": "tts-9"}, openai.NotFoundError, "model", "model_not_found", "models: fault"),
        ({"model": "nobody/nothing"}, openai.NotFoundError, "model", "model_not_found", "models: fault"),
        ({"voice": "nobody"}, openai.NotFoundError, "voice", "unknown_voice", "fault/plain"),
        ({"voice": "nobody", "model": "fault"}, openai.NotFoundError, "voice", "unknown_voice", "voices: plain"),
        ({"voice": {"id": "voice_1234"}}, openai.NotFoundError, "voice", "unknown_voice", "'voice_1234'"),
        ({"extra_body": {"extra": {"loud": 1}}}, openai.BadRequestError, "extra.loud", "invalid_request", "level"),
        ({"extra_body": {"extra": {"level": "x"}}}, openai.BadRequestError, "extra.level", "invalid_request", "number"),
        ({"extra_body": {"keep_alive": "soon"}}, openai.BadRequestError, "keep_alive", "invalid_request", "seconds"),
        ({"extra_body": {"pitch": 13}}, openai.BadRequestError, "pitch", "invalid_request", "12"),
    ],
)
async def test_a_wrong_request_is_an_error_of_the_client_that_says_what(
    talker: ServeProcess,
    changes: dict[str, Any],
    error: type[openai.APIStatusError],
    param: str,
    code: str,
    words: str,
) -> None:
    changes = {"input": "tone", **changes}
    with pytest.raises(error) as caught:
        await say(talker, changes.pop("input"), **changes)
    assert (caught.value.param, caught.value.code) == (param, code)
    assert words in caught.value.message
    assert set(caught.value.response.json()["error"]) == {"message", "type", "param", "code"}
    assert caught.value.request_id


async def test_too_many_are_told_to_come_again(start: StartService) -> None:
    service = await start(http__max_streams=1)
    async with begun(service, ENDLESS):
        with pytest.raises(openai.RateLimitError) as caught:
            await say(service, "tone")
    assert caught.value.code == "rate_limit_exceeded" and int(caught.value.response.headers["retry-after"]) >= 1
    await until_idle(service)
    assert (await say(service, "tone")).content


async def test_a_full_queue_is_a_status_too(start: StartService) -> None:
    service = await start(limits__queue=1)
    await service.manager.load("fault")
    responses = [service.speech.speak(SpeechRequest(client=str(n)), "sleep:9.") for n in range(5)]
    for response in responses:
        await response.__aenter__()
    await until(lambda: service.manager.waiting() == 1)
    with pytest.raises(openai.RateLimitError):
        await say(service, "tone")
    for response in responses:
        await response.__aexit__(None, None, None)


async def test_an_engine_that_fails_before_the_first_sound_is_a_status(start: StartService) -> None:
    service = await start(limits__first_audio=0.5, limits__cancel=0.1)
    for text, status, words in (("fail", 500, "headache"), ("hang", 504, "audio"), ("crash", 500, "try again")):
        with pytest.raises(openai.InternalServerError) as caught:
            await say(service, text)
        assert caught.value.status_code == status and words in caught.value.message
        assert caught.value.type == "server_error"
        assert (await say(service, "tone")).content


# What goes wrong later


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
async def test_a_failure_in_the_middle_is_not_taken_for_the_end(
    talker: ServeProcess, audio_format: AudioFormat
) -> None:
    received = 0
    with pytest.raises(Exception, match="incomplete chunked read"):
        # The pause keeps what comes after it out of the first bytes.
        async with begun(talker, f"tone sleep:1 {TEN_TONES} fail.", audio_format) as rest:
            async for data in rest:
                received += len(data)
    assert received > 1000
    assert (await say(talker, "tone")).content


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
async def test_a_client_that_leaves_stops_the_engine(start: StartService, audio_format: AudioFormat) -> None:
    service = await start()
    async with begun(service, ENDLESS, audio_format):
        assert busy(service) == 1
    assert await until_idle(service) < 0.2


async def test_a_client_that_leaves_before_the_first_sound_stops_the_engine(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    ended = endings(service)
    asking = asyncio.create_task(say(service, "sleep:20"))
    await until(lambda: busy(service) == 1)
    asking.cancel()
    assert await until_idle(service) < 0.2
    await until(lambda: bool(ended))
    assert ended[0].left and not ended[0].error


async def test_a_client_that_reads_nothing_does_not_fill_the_memory(start: StartService) -> None:
    service = await start()
    ended = endings(service)
    host, _, port = url(service).removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    text = " ".join(["tone " * 40 + "tone."] * 60)
    body = json.dumps({"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}).encode()
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(1)
    writer.close()
    await until(lambda: bool(ended))
    # All of it is four minutes.
    assert ended[0].left and ended[0].audio < 150
