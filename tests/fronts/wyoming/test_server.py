"""The Wyoming server over real sockets and worker processes: what Home Assistant and the protocol demand."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from fault_models import SHIPPED
from wyoming.info import Info
from wyoming_client import Client

from wyoming_openspeakers.service import Service

StartService = Callable[..., Any]

HEADER_LIMIT = 64 * 1024


def uri(service: Service) -> str:
    return service.addresses[0]


async def wait_for_idle(service: Service, seconds: float = 5) -> None:
    """Wait until no worker has anything to do."""
    deadline = time.monotonic() + seconds
    while any(worker.busy for worker in service.manager.workers()):
        assert time.monotonic() < deadline, "a worker is still busy"
        await asyncio.sleep(0.005)


# What the service tells about itself


async def test_info_has_all_that_home_assistant_reads(start: StartService) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        info = Info.from_event(await client.info())
    (program,) = info.tts
    assert program.installed and program.supports_synthesize_streaming
    assert not info.satellite
    assert program.attribution.name is not None and program.attribution.url is not None
    (voice,) = program.voices
    assert (voice.name, voice.languages, voice.installed) == ("fault/plain", ["en-US"], True)


@pytest.mark.slow
async def test_a_new_voice_shows_in_the_next_info(start: StartService) -> None:
    service = await start()
    folder = Path(service.config.data_path) / "models" / "fault"
    folder.mkdir(parents=True)
    (folder / "voices.txt").write_text("anna")
    await asyncio.sleep(1.1)
    async with Client(uri(service)) as client:
        names = [voice.name for voice in Info.from_event(await client.info()).tts[0].voices]
        answer = await client.synthesize("tone", voice="fault/anna")
    assert names == ["fault/anna", "fault/plain"]
    assert answer.error is None


@pytest.mark.slow
async def test_describe_is_quick_while_a_model_loads_and_while_it_speaks(start: StartService) -> None:
    models = {"models": {**_disabled(), "fault": {"engine": "faults.engine", "voice": "plain", "standby": True,
                                                  "parameters": {"load_seconds": 1}}}}
    service = await start(models)
    async with Client(uri(service)) as speaker:
        await speaker.send("synthesize", text="sleep:1 tone")
        times = []
        for _ in range(40):
            async with Client(uri(service)) as client:
                began = time.perf_counter()
                await client.info()
                times.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        answer = await speaker.read_until("audio-stop", "error")
    assert answer.error is None
    assert sorted(times)[len(times) // 2] < 0.02, times


def _disabled() -> dict[str, Any]:
    return {name: {"enabled": False} for name in SHIPPED}


async def test_describe_is_not_worth_a_line_in_the_log(start: StartService, caplog: pytest.LogCaptureFixture) -> None:
    service = await start()
    await service.manager.load("fault")
    caplog.clear()
    caplog.set_level(logging.INFO)
    for _ in range(3):
        async with Client(uri(service)) as client:
            await client.info()
    assert [record.message for record in caplog.records if record.name.startswith("wyoming_openspeakers")] == []


async def test_ping(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        await client.send("ping", text="hello")
        event = await client.read()
    assert event is not None and (event.type, event.data["text"]) == ("pong", "hello")


async def test_unknown_events_are_ignored(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        await client.send("foo", bar=1)
        assert (await client.info()).type == "info"


async def test_select_program(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        await client.send("select-program", name="openspeakers")
        assert (await client.synthesize("tone")).error is None
        await client.send("select-program", name="nonsense")
        event = await client.read()
        assert event is not None and event.type == "error" and "openspeakers" in event.data["text"]
        assert (await client.synthesize("tone")).error is None


# Text in one piece


async def test_one_format_from_start_to_stop(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        answer = await client.synthesize("tone. tone. tone.")
    assert answer.types == ["audio-start", "audio-chunk", "audio-stop"]
    formats = {(e.data["rate"], e.data["width"], e.data["channels"]) for e in answer.events if "rate" in e.data}
    assert formats == {(16000, 2, 1)}
    assert all(len(e.payload or b"") % 2 == 0 for e in answer.events)
    assert abs(answer.samples).max() > 1000


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "🎉", "🎉 👍🏽 🇩🇪", "**", "---", "```\ncode\n```"])
async def test_nothing_to_say_is_a_little_silence(start: StartService, text: str) -> None:
    async with Client(uri(await start())) as client:
        answer = await client.synthesize(text)
        assert answer.types == ["audio-start", "audio-chunk", "audio-stop"]
        assert len(answer.samples) and not answer.samples.any()
        streamed = await client.stream(text)
        assert streamed.types == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
        assert len(streamed.samples) and not streamed.samples.any()


async def test_an_unknown_voice_is_spoken_by_the_default(start: StartService, caplog: pytest.LogCaptureFixture) -> None:
    async with Client(uri(await start())) as client:
        answer = await client.synthesize("tone", voice="gone/voice")
    assert answer.error is None and answer.seconds > 0
    assert "gone/voice" in caplog.text


async def test_aliases_and_short_names_of_voices(start: StartService) -> None:
    models = {"models": {**_disabled(), "fault": {"engine": "faults.engine", "voice": "plain"}},
              "aliases": {"alloy": "fault/plain"}}
    service = await start(models)
    assert all(service.manager.catalog.find(name) for name in ("alloy", "plain", "fault", "fault/plain", "FAULT/Plain"))
    assert service.manager.catalog.find("nobody") is None


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"text": 5}, "needs a text"),
        ({}, "needs a text"),
        ({"text": "tone", "voice": "x"}, "voice must be"),
        ({"text": "tone", "voice": {"name": 7}}, "voice.name"),
    ],
)
async def test_a_wrong_request_is_an_error_and_ends_the_connection(
    start: StartService, data: dict[str, Any], complaint: str
) -> None:
    async with Client(uri(await start())) as client:
        await client.send("synthesize", **data)
        answer = await client.read_until()
    assert answer.types == ["error"] and answer.error and complaint in answer.error["text"]


async def test_too_long_a_text_is_refused(start: StartService) -> None:
    service = await start(text__max_characters=100)
    async with Client(uri(service)) as client:
        answer = await client.synthesize("tone " * 50)
        assert answer.error and answer.error["code"] == "text-too-long"
    async with Client(uri(service)) as client:
        answer = await client.stream(*["tone "] * 50)
        assert answer.error and answer.error["code"] == "text-too-long"
        assert await client.read() is None


@pytest.mark.slow
async def test_the_phrase_cache_and_its_bypass(start: StartService) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        first = await client.synthesize("sleep:0.3 tone.")
        cached = await client.synthesize("sleep:0.3 tone.")
        anew = await client.synthesize("sleep:0.3 tone.", context={"cache": False})
    assert first.pcm == cached.pcm == anew.pcm
    assert first.first_audio and cached.first_audio and anew.first_audio
    assert cached.first_audio < 0.25 < 0.3 <= anew.first_audio


# Text in a stream


async def test_a_stream_as_home_assistant_sends_it(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        answer = await client.stream("to", "ne. to", "ne", ".")
    assert answer.types == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
    # The repeated whole text is not spoken a second time.
    assert 0.2 <= answer.seconds < 0.8


async def test_a_stream_without_the_repeated_text(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        answer = await client.stream("tone.", repeat=False)
    assert answer.types[-1] == "synthesize-stopped" and answer.seconds > 0


async def test_audio_comes_before_the_text_ends(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        await client.send("synthesize-start")
        await client.send("synthesize-chunk", text="tone tone. And then ")
        answer = await client.read_until("audio-chunk")
        assert answer.pcm
        await client.send("synthesize-stop")
        rest = await client.read_until("synthesize-stopped", "error")
    assert rest.error is None


async def test_a_pause_inside_a_sentence_is_spoken_after_the_flush_time(start: StartService) -> None:
    service = await start(text__flush_after=0.2)
    async with Client(uri(service)) as client:
        await client.send("synthesize-start")
        await client.send("synthesize-chunk", text="tone " * 6)
        began = time.perf_counter()
        await client.read_until("audio-chunk")
        assert 0.15 < time.perf_counter() - began < 2
        await client.send("synthesize-stop")
        assert (await client.read_until("synthesize-stopped", "error")).error is None


@pytest.mark.slow
async def test_a_long_pause_is_filled_with_a_little_silence(start: StartService) -> None:
    service = await start(audio__fill_gaps=0.2)
    async with Client(uri(service)) as client:
        await client.send("synthesize-start")
        await client.send("synthesize-chunk", text="tone tone. ")
        await client.read_until("audio-chunk")
        began = time.perf_counter()
        filler = await client.read_until("audio-chunk")
        while filler.samples.any():
            filler = await client.read_until("audio-chunk")
        assert time.perf_counter() - began < 3
        await client.send("synthesize-chunk", text="tone.")
        await client.send("synthesize-stop")
        rest = await client.read_until("synthesize-stopped", "error")
    assert rest.error is None and rest.samples.any()


@pytest.mark.slow
async def test_many_requests_on_one_connection(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        for _ in range(3):
            assert (await client.stream("tone. tone.")).types[-1] == "synthesize-stopped"
            # After a stream a plain request is one again.
            assert (await client.synthesize("tone")).types == ["audio-start", "audio-chunk", "audio-stop"]


async def test_requests_sent_at_once_are_answered_in_order(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        for count in (1, 3, 2):
            await client.send("synthesize", text="tone " * count)
        lengths = [(await client.read_until("audio-stop")).seconds for _ in range(3)]
    assert lengths == pytest.approx([0.1, 0.3, 0.2], abs=0.01)


async def test_chunk_or_stop_without_start_is_an_error_and_no_more(start: StartService) -> None:
    async with Client(uri(await start())) as client:
        for kind, data in (("synthesize-chunk", {"text": "x"}), ("synthesize-stop", {})):
            await client.send(kind, **data)
            event = await client.read()
            assert event is not None and event.type == "error" and "synthesize-start" in event.data["text"]
        assert (await client.stream("tone.")).types[-1] == "synthesize-stopped"


@pytest.mark.slow
async def test_a_new_start_forgets_the_stream_before(start: StartService) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        await client.send("synthesize-start")
        await client.send("synthesize-chunk", text="sleep:20 tone. ")
        await asyncio.sleep(0.3)
        answer = await client.stream("tone.")
        assert answer.types[-1] == "synthesize-stopped" and answer.seconds < 1
        await wait_for_idle(service, 1)


@pytest.mark.slow
async def test_a_stream_that_its_client_forgets_ends(start: StartService) -> None:
    service = await start(limits__text_gap=0.3)
    async with Client(uri(service)) as client:
        await client.send("synthesize-start")
        await client.send("synthesize-chunk", text="tone. ")
        answer = await client.read_until()
    assert answer.types[-1] == "error" and answer.error and answer.error["code"] == "timeout"


# Failures


@pytest.mark.parametrize("text", ["fail", "tone. fail.", "crash crash", "tone crash"])
@pytest.mark.slow
async def test_a_failure_is_an_error_without_audio_stop_and_a_hang_up(start: StartService, text: str) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        answer = await client.synthesize(text)
        assert answer.types[-1] == "error" and "audio-stop" not in answer.types
        assert await client.read() is None
    async with Client(uri(service)) as client:
        answer = await client.stream(text)
        assert answer.types[-1] == "error" and "synthesize-stopped" not in answer.types
        assert await client.read() is None
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone")).error is None


async def test_a_failure_is_one_line_in_the_log(start: StartService, caplog: pytest.LogCaptureFixture) -> None:
    async with Client(uri(await start())) as client:
        assert (await client.synthesize("fail")).error
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "headache" in line and "with fault/plain" in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("hang", {"limits__first_audio": 0.5}),
        ("tone hang", {"limits__audio_gap": 0.5}),
    ],
)
async def test_a_stuck_engine_is_an_error_in_time(start: StartService, text: str, limits: dict[str, float]) -> None:
    service = await start(**limits)
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone")).error is None
    async with Client(uri(service)) as client:
        began = time.perf_counter()
        answer = await client.synthesize(text)
        assert answer.error and answer.error["code"] == "timeout"
        assert time.perf_counter() - began < 2
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone")).error is None


@pytest.mark.slow
async def test_an_engine_that_lets_nothing_else_run_is_ended_too(start: StartService) -> None:
    service = await start(limits__first_audio=0.5, limits__audio_gap=0.5)
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone")).error is None
    async with Client(uri(service)) as client:
        began = time.perf_counter()
        answer = await client.synthesize("freeze")
        assert answer.error and answer.error["code"] == "timeout"
        assert time.perf_counter() - began < 5
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone tone")).error is None


@pytest.mark.slow
async def test_waiting_for_others_is_not_being_stuck(start: StartService) -> None:
    service = await start(limits__first_audio=0.6)
    clients = [Client(uri(service)) for _ in range(4)]
    for number, client in enumerate(clients):
        await client.__aenter__()
        await client.send("synthesize", text=f"sleep:0.4 {'tone ' * number}")
    for client in clients:
        assert (await client.read_until("audio-stop", "error")).error is None
        await client.__aexit__(None, None, None)


@pytest.mark.slow
async def test_a_model_that_takes_too_long_to_load(start: StartService) -> None:
    models = {"models": {**_disabled(), "fault": {"engine": "faults.engine", "voice": "plain",
                                                  "parameters": {"load_seconds": 30}}}}
    service = await start(models, limits__model_load=0.8)
    async with Client(uri(service)) as client:
        began = time.perf_counter()
        answer = await client.synthesize("tone")
        assert answer.error and answer.error["code"] == "timeout"
        assert time.perf_counter() - began < 3


@pytest.mark.slow
async def test_waiting_for_a_turn_ends(start: StartService) -> None:
    service = await start(limits__queue_wait=0.3)
    async with Client(uri(service)) as warm:
        await warm.synthesize("tone")
    clients = [Client(uri(service)) for _ in range(4)]
    for client in clients:
        await client.__aenter__()
        await client.send("synthesize", text="sleep:5 tone")
    await asyncio.sleep(0.2)
    async with Client(uri(service)) as late:
        answer = await late.synthesize("tone tone")
        assert answer.error and answer.error["code"] == "timeout"
    for client in clients:
        await client.__aexit__(None, None, None)
    await wait_for_idle(service)


@pytest.mark.slow
async def test_a_full_queue_answers_busy(start: StartService) -> None:
    service = await start(limits__queue=1)
    clients = [Client(uri(service)) for _ in range(8)]
    for client in clients:
        await client.__aenter__()
        await client.send("synthesize", text="sleep:3 tone")
    answers = [asyncio.create_task(client.read_until("error", "audio-chunk")) for client in clients]
    done, _ = await asyncio.wait(answers, timeout=2)
    errors = [task.result().error for task in done]
    assert errors and all(error and error["code"] == "busy" for error in errors)
    for task in answers:
        task.cancel()
    await asyncio.gather(*answers, return_exceptions=True)
    for client in clients:
        await client.__aexit__(None, None, None)


# Clients that leave


async def test_a_client_that_leaves_frees_the_engine(start: StartService) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone")).error is None
        await client.send("synthesize", text="tone sleep:20 tone")
        await client.read_until("audio-chunk")
        (worker,) = service.manager.workers()
        assert worker.busy
    began = time.perf_counter()
    await wait_for_idle(service, 2)
    assert time.perf_counter() - began < 0.2
    assert [w.pid for w in service.manager.workers()] == [worker.pid]


@pytest.mark.slow
async def test_an_engine_that_does_not_let_go_is_ended(start: StartService) -> None:
    service = await start(limits__cancel=0.3)
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone")).error is None
        (worker,) = service.manager.workers()
        await client.send("synthesize", text="tone hang")
        await client.read_until("audio-chunk")
        # Until it really hangs.
        await asyncio.sleep(0.1)
    await wait_for_idle(service, 3)
    async with Client(uri(service)) as client:
        assert (await client.synthesize("tone tone")).error is None
    assert [w.pid for w in service.manager.workers()] != [worker.pid]
    assert not psutil.pid_exists(worker.pid)


@pytest.mark.slow
async def test_half_a_second_of_clients_leaving_leaves_nothing(start: StartService) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        await client.synthesize("tone")
    tasks = len(asyncio.all_tasks())
    files = psutil.Process().num_fds()
    for number in range(40):
        async with Client(uri(service)) as client:
            await client.send("synthesize", text="tone sleep:0.5 tone. tone.")
            if number % 2:
                await client.read_until("audio-chunk")
    await wait_for_idle(service, 5)
    await asyncio.sleep(0.1)
    assert len(asyncio.all_tasks()) <= tasks
    assert psutil.Process().num_fds() <= files + 2


# Framing


@pytest.mark.parametrize(
    "raw",
    [b"nonsense\n", b"[]\n", b'{"data":{}}\n', b'{"type":"x","data_length":10000000000}\n',
     b'{"type":"x","data_length":"five"}\n', b'{"type":"' + b"x" * HEADER_LIMIT + b'"}\n'],
)
async def test_what_cannot_be_read_is_an_error_and_a_hang_up(start: StartService, raw: bytes) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        await client.send_raw(raw)
        answer = await client.read_until()
        assert answer.types == ["error"] and answer.error and answer.error["code"] == "bad-frame"
    async with Client(uri(service)) as client:
        assert (await client.info()).type == "info"


@pytest.mark.slow
async def test_a_long_text_is_spoken(start: StartService) -> None:
    text = "silent. " * 12000 + "tone."
    service = await start()
    async with Client(uri(service)) as client:
        body = json.dumps({"text": text}).encode()
        await client.send_raw(b'{"type":"synthesize","data_length":%d}\n' % len(body) + body)
        answer = await client.read_until("audio-stop", "error")
    assert answer.error is None and answer.samples.any()


# Admission


async def test_only_allowed_addresses(start: StartService) -> None:
    service = await start(wyoming__allow=["10.0.0.0/8"])
    async with Client(uri(service)) as client:
        answer = await client.read_until()
    assert answer.error and answer.error["code"] == "not-allowed"
    service = await start(wyoming__allow=["10.0.0.0/8", "127.0.0.1"])
    async with Client(uri(service)) as client:
        assert (await client.info()).type == "info"


async def test_too_many_connections(start: StartService) -> None:
    service = await start(wyoming__max_connections=2)
    async with Client(uri(service)) as first, Client(uri(service)) as second:
        await first.info()
        await second.info()
        async with Client(uri(service)) as third:
            answer = await third.read_until()
        assert answer.error and answer.error["code"] == "busy"
        await first.info()
    await asyncio.sleep(0.05)
    async with Client(uri(service)) as fourth:
        await fourth.info()


# Where it listens


async def test_ipv6_and_unix_sockets(start: StartService, tmp_path: Path) -> None:
    path = tmp_path / "speech.sock"
    uris = [f"unix://{path}", "tcp://127.0.0.1:0"]
    if _has_ipv6():
        uris.append("tcp://[::1]:0")
    service = await start(wyoming__uris=uris)
    for address in service.addresses[: len(uris)]:
        async with Client(address) as client:
            assert (await client.synthesize("tone")).error is None
    await service.stop()
    assert not path.exists()


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_a_socket_that_was_left_behind_is_replaced(start: StartService, tmp_path: Path) -> None:
    path = tmp_path / "speech.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    service = await start(wyoming__uris=[f"unix://{path}"])
    async with Client(uri(service)) as client:
        assert Info.from_event(await client.info()).tts


# The end


@pytest.mark.slow
async def test_stopping_lets_requests_finish(start: StartService) -> None:
    service = await start()
    async with Client(uri(service)) as client:
        await client.synthesize("tone")
        await client.send("synthesize", text="tone sleep:0.5 tone")
        await client.read_until("audio-chunk")
        stopping = asyncio.create_task(service.stop())
        answer = await client.read_until("audio-stop", "error")
        assert answer.types[-1] == "audio-stop"
        await stopping


@pytest.mark.slow
async def test_stopping_tells_who_is_not_done_in_time(start: StartService) -> None:
    service = await start(limits__drain=0.3)
    async with Client(uri(service)) as client:
        await client.synthesize("tone")
        await client.send("synthesize", text="tone sleep:20 tone")
        await client.read_until("audio-chunk")
        began = time.perf_counter()
        await service.stop()
        assert time.perf_counter() - began < 2
        answer = await client.read_until()
    assert answer.types == ["error"] and answer.error and answer.error["code"] == "shutting-down"
