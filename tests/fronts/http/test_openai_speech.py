"""Speech for OpenAI's own client, unmodified, from an engine that can be told to stall and to fail."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import aiohttp
import av
import numpy as np
import openai
import pytest
from fault_models import journal, models_file
from managed import until
from openai import AsyncOpenAI

from wyoming_openspeakers.events import SpeechEnded
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.audio.formats import FORMATS, MEDIA_TYPES, AudioFormat
from wyoming_openspeakers.speech.request import SpeechRequest

StartService = Callable[..., Any]

RATE = 24_000
TEN_TONES = "tone " * 9 + "tone."


def url(service: Service) -> str:
    return next(address for address in service.addresses if address.startswith("http:"))


def client(service: Service, **options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{url(service)}/v1", api_key="any", max_retries=0, **options)


async def say(service: Service, text: str, **options: Any) -> Any:
    """An answer, whole."""
    options = {"model": "tts-1", "voice": "alloy", "response_format": "pcm", **options}
    async with client(service) as asking:
        return await asking.audio.speech.create(input=text, **options)


def stream(asking: AsyncOpenAI, text: str, audio_format: AudioFormat = "pcm") -> Any:
    """An answer to read as it comes."""
    return asking.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=text, response_format=audio_format
    )


def seconds_of(audio: bytes) -> float:
    """How long a player plays a file, encoders' padding left out as the file says."""
    with av.open(io.BytesIO(audio)) as container:
        frames = sum(frame.samples for frame in container.decode(audio=0))
        return frames / container.streams.audio[0].codec_context.sample_rate


async def engine_is_idle(service: Service, patience: float) -> float:
    """How long it takes until no segment is in work."""
    began = time.monotonic()
    await until(lambda: all(not worker.busy for worker in service.manager.workers()), patience)
    return time.monotonic() - began


# What comes


@pytest.mark.parametrize("audio_format", FORMATS)
async def test_every_format_has_all_of_the_sound_and_its_own_type(
    start: StartService, audio_format: AudioFormat
) -> None:
    service = await start()
    answer = await say(service, TEN_TONES, response_format=audio_format)
    headers = answer.response.headers
    assert headers["content-type"] == MEDIA_TYPES[audio_format]
    assert headers["cache-control"] == "no-store" and headers["x-request-id"]
    assert "content-length" not in headers and headers["transfer-encoding"] == "chunked"
    seconds = len(answer.content) / 2 / RATE if audio_format == "pcm" else seconds_of(answer.content)
    assert seconds == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
async def test_pcm_is_24_khz_whatever_the_engine_speaks(start: StartService, rate: int) -> None:
    service = await start(models_file(fault={"rate": rate}))
    samples = np.frombuffer((await say(service, TEN_TONES)).content, np.int16)
    assert len(samples) / RATE == pytest.approx(1.0, abs=0.01)
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64)))
    assert np.argmax(spectrum) * RATE / len(samples) == pytest.approx(440, abs=2)


async def test_mp3_is_what_comes_when_nothing_is_asked(start: StartService) -> None:
    service = await start()
    async with client(service) as asking:
        answer = await asking.audio.speech.create(model="tts-1", voice="alloy", input=TEN_TONES)
    assert answer.response.headers["content-type"] == "audio/mpeg"
    with av.open(io.BytesIO(answer.content)) as container:
        assert container.streams.audio[0].codec_context.name.startswith("mp3")


async def test_a_wav_header_that_does_not_know_the_end_is_read_by_what_reads_wav(start: StartService) -> None:
    content = (await say(await start(), TEN_TONES, response_format="wav")).content
    assert content[:4] == b"RIFF" and content[8:16] == b"WAVEfmt " and content[36:40] == b"data"
    assert int.from_bytes(content[24:28], "little") == RATE
    assert len(content) - 44 == pytest.approx(2 * RATE, abs=0.06 * RATE)


@pytest.mark.parametrize("audio_format", FORMATS)
async def test_the_first_bytes_leave_long_before_the_last_are_made(
    start: StartService, audio_format: AudioFormat
) -> None:
    service = await start()
    await service.manager.load("fault")
    began = time.monotonic()
    async with client(service) as asking, stream(asking, f"{TEN_TONES[:-1]} sleep:20", audio_format) as answer:
        assert await anext(answer.iter_bytes())
        assert time.monotonic() - began < 5
        assert [worker.busy for worker in service.manager.workers()] == [1]


@pytest.mark.parametrize("text", [".", "...", "😀", "- -"])
@pytest.mark.parametrize("audio_format", ["mp3", "pcm"])
async def test_what_has_no_words_is_a_little_silence(start: StartService, text: str, audio_format: AudioFormat) -> None:
    # Home Assistant's openai_tts sets up with "." and wants to get something.
    answer = await say(await start(), text, response_format=audio_format)
    assert len(answer.content) > 100


async def test_a_dot_speaks_while_the_model_loads(start: StartService) -> None:
    service = await start(models_file(fault={"load_seconds": 1}))
    assert service.manager.state("fault") == "loading"
    answer = await say(service, ".", response_format="mp3")
    assert answer.content


# How it is asked for


async def test_all_that_is_asked_reaches_the_engine(start: StartService, tmp_path: Path) -> None:
    notes = tmp_path / "journal"
    service = await start(models_file(fault={"journal": str(notes), "languages": ["en-US", "de-DE"]}))
    ended: list[SpeechEnded] = []
    service.bus.subscribe(lambda event: ended.append(event) if isinstance(event, SpeechEnded) else None)
    extras = {"language": "de", "seed": 5, "keep_alive": "5m", "extra": {"level": 0.5}, "pitch": 0}
    await say(service, "tone tone", model="fault", voice="plain", speed=1.5, instructions="Gently.", extra_body=extras)
    assert journal(notes) == [{"text": "tone tone", "speed": 1.5, "language": "de"}]
    assert (ended[0].front, ended[0].voice, ended[0].kind) == ("http", "fault/plain", "live")
    assert ended[0].client.startswith("http/127.0.0.1/") and not ended[0].left


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "fault"])
@pytest.mark.parametrize("voice", ["cedar", "fault/plain", "plain", {"id": "plain"}])
async def test_models_and_voices_by_all_their_names(start: StartService, model: str, voice: Any) -> None:
    assert (await say(await start(), "tone", model=model, voice=voice)).content


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "wav"},
        {"speed": None, "instructions": None, "stream_format": None, "voice": None, "extra": None, "language": None},
        {"lang_code": "en", "stream": True, "volume_multiplier": 1.0, "normalization_options": {"normalize": False}},
        {"model": ""},
    ],
)
async def test_what_other_clients_send(start: StartService, changes: dict[str, Any]) -> None:
    service = await start()
    body = {"model": "tts-1", "voice": "alloy", "input": "tone tone", "format": "pcm", **changes}
    post = {"url": f"{url(service)}/v1/audio/speech", "json": body, "headers": {"Accept": "text/html"}}
    async with aiohttp.ClientSession() as asking, asking.post(**post) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == ("audio/wav" if "format" in changes else "audio/pcm")


# Events


async def events(service: Service, text: str, **changes: Any) -> list[dict[str, Any]]:
    body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm", "stream_format": "sse"}
    speech = f"{url(service)}/v1/audio/speech"
    async with aiohttp.ClientSession() as asking, asking.post(speech, json={**body, **changes}) as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        lines = [line for line in (await answer.text()).split("\n") if line and not line.startswith("event: ")]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("audio_format", ["pcm", "mp3", "opus"])
async def test_events_bring_the_same_sound_and_then_what_it_came_to(
    start: StartService, audio_format: Literal["pcm", "mp3", "opus"]
) -> None:
    service = await start()
    *pieces, last = await events(service, TEN_TONES, response_format=audio_format)
    assert {event["type"] for event in pieces} == {"speech.audio.delta"}
    audio = b"".join(base64.b64decode(event["audio"]) for event in pieces)
    seconds = len(audio) / 2 / RATE if audio_format == "pcm" else seconds_of(audio)
    assert seconds == pytest.approx(1.0, abs=0.03)
    usage = last["usage"]
    assert last["type"] == "speech.audio.done"
    assert usage == {"input_tokens": 13, "output_tokens": 20, "total_tokens": 33}


async def test_a_failure_after_the_start_is_an_event(start: StartService) -> None:
    service = await start()
    *pieces, last = await events(service, f"{TEN_TONES} fail.")
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
        ({"speed": 0.2}, openai.BadRequestError, "speed", "invalid_request", "0.25"),
        ({"speed": 4.1}, openai.BadRequestError, "speed", "invalid_request", "4"),
        ({"response_format": "ogg"}, openai.BadRequestError, "response_format", "invalid_request", "mp3"),
        ({"stream_format": "ws"}, openai.BadRequestError, "stream_format", "invalid_request", "sse"),
        ({"model": "tts-9"}, openai.NotFoundError, "model", "model_not_found", "models: fault"),
        ({"model": "nobody/nothing"}, openai.NotFoundError, "model", "model_not_found", "models: fault"),
        ({"voice": "nobody"}, openai.NotFoundError, "voice", "unknown_voice", "voices: fault/plain"),
        ({"voice": "nobody", "model": "fault"}, openai.NotFoundError, "voice", "unknown_voice", "voices: plain"),
        ({"voice": {"id": "voice_1234"}}, openai.NotFoundError, "voice", "unknown_voice", "'voice_1234'"),
        ({"extra_body": {"extra": {"loud": 1}}}, openai.BadRequestError, "extra.loud", "invalid_request", "level"),
        ({"extra_body": {"extra": {"level": "x"}}}, openai.BadRequestError, "extra.level", "invalid_request", "number"),
        ({"extra_body": {"keep_alive": "soon"}}, openai.BadRequestError, "keep_alive", "invalid_request", "keep_alive"),
        ({"extra_body": {"pitch": 13}}, openai.BadRequestError, "pitch", "invalid_request", "12"),
    ],
)
async def test_a_wrong_request_is_an_error_of_the_client_that_says_what(
    start: StartService,
    changes: dict[str, Any],
    error: type[openai.APIStatusError],
    param: str,
    code: str,
    words: str,
) -> None:
    service = await start()
    text = changes.pop("input") if "input" in changes else "tone"
    with pytest.raises(error) as caught:
        await say(service, text, **changes)
    assert (caught.value.param, caught.value.code) == (param, code)
    assert words in caught.value.message
    assert set(caught.value.response.json()["error"]) == {"message", "type", "param", "code"}
    assert caught.value.request_id


async def test_a_text_that_is_too_long(start: StartService) -> None:
    service = await start(text__max_characters=20)
    assert (await say(service, "x" * 20)).content
    with pytest.raises(openai.APIStatusError) as caught:
        await say(service, "x" * 21)
    assert (caught.value.status_code, caught.value.param, caught.value.code) == (413, "input", "text_too_long")


async def test_too_many_are_told_to_come_again(start: StartService) -> None:
    service = await start(http__max_streams=1)
    await service.manager.load("fault")
    async with client(service) as asking, stream(asking, "tone tone tone sleep:20") as answer:
        await anext(answer.iter_bytes())
        with pytest.raises(openai.RateLimitError) as caught:
            await say(service, "tone")
    assert caught.value.code == "rate_limit_exceeded" and int(caught.value.response.headers["retry-after"]) >= 1
    await engine_is_idle(service, 1)
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


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [("hang", 504, "audio"), ("fail", 500, "headache"), ("crash", 500, "try again")],
)
async def test_an_engine_that_fails_before_the_first_sound_is_a_status(
    start: StartService, text: str, status: int, words: str
) -> None:
    service = await start(limits__first_audio=0.5, limits__cancel=0.1)
    with pytest.raises(openai.InternalServerError) as caught:
        await say(service, text)
    assert caught.value.status_code == status and words in caught.value.message
    assert caught.value.type == "server_error"
    assert (await say(service, "tone")).content


# What goes wrong later


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
async def test_a_failure_in_the_middle_is_not_taken_for_the_end(
    start: StartService, audio_format: Literal["pcm", "mp3"]
) -> None:
    service = await start()
    received = 0
    async with client(service) as asking:
        with pytest.raises(Exception, match="incomplete chunked read"):
            async with stream(asking, f"{TEN_TONES} fail.", audio_format) as answer:
                async for data in answer.iter_bytes():
                    received += len(data)
        assert received > 1000
        assert (await say(service, "tone")).content


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
async def test_a_client_that_leaves_stops_the_engine(start: StartService, audio_format: Literal["pcm", "mp3"]) -> None:
    service = await start()
    await service.manager.load("fault")
    async with client(service) as asking, stream(asking, f"{TEN_TONES[:-1]} sleep:20", audio_format) as answer:
        await anext(answer.iter_bytes())
        assert [worker.busy for worker in service.manager.workers()] == [1]
    assert await engine_is_idle(service, 1) < 0.2


async def test_a_client_that_leaves_before_the_first_sound_stops_the_engine(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    ended: list[SpeechEnded] = []
    service.bus.subscribe(lambda event: ended.append(event) if isinstance(event, SpeechEnded) else None)
    asking = asyncio.create_task(say(service, "sleep:20"))
    await until(lambda: [worker.busy for worker in service.manager.workers()] == [1])
    asking.cancel()
    assert await engine_is_idle(service, 1) < 0.2
    await until(lambda: bool(ended))
    assert ended[0].left and not ended[0].error


async def test_a_client_that_reads_slowly_does_not_fill_the_memory(start: StartService) -> None:
    service = await start()
    sent = 0
    ended: list[SpeechEnded] = []
    service.bus.subscribe(lambda event: ended.append(event) if isinstance(event, SpeechEnded) else None)
    host, _, port = url(service).removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    text = " ".join(["tone " * 40 + "tone."] * 30)
    body = json.dumps({"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}).encode()
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sent = len(await reader.readuntil(b"\r\n\r\n"))
    await asyncio.sleep(1)
    writer.close()
    await until(lambda: bool(ended))
    assert sent and ended[0].left
    assert ended[0].audio < 120
