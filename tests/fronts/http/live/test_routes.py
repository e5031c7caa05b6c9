"""WebSockets of a real service: events, GPUs, jobs, who comes late, who is slow, and who only says hello."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from managed import until

from wyoming_openspeakers.errors import Busy, NotFound, SpeechError
from wyoming_openspeakers.events import (
    DownloadChanged,
    EventBus,
    Gpu,
    GpusRead,
    JobChanged,
    ModelStateChanged,
    SpeechEnded,
    VoicesChanged,
    WorkerExited,
)
from wyoming_openspeakers.fronts.http.live.event_history import EventHistory
from wyoming_openspeakers.fronts.http.live.outbox import Outbox, TooSlow
from wyoming_openspeakers.fronts.http.live.sockets import LiveSockets
from wyoming_openspeakers.jobs.jobs import JobRequest
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]
Socket = aiohttp.ClientWebSocketResponse


def url(service: Service) -> str:
    return next(address for address in service.addresses if address.startswith("http:"))


@asynccontextmanager
async def watching(service: Service, path: str, **more: Any) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession(url(service)) as session, session.ws_connect(path, **more) as socket:
        yield socket


async def told(socket: Socket, patience: float = 5) -> Any:
    """The next message."""
    return json.loads(await socket.receive_str(timeout=patience))


async def told_until(socket: Socket, condition: Callable[[Any], bool]) -> list[Any]:
    """All messages up to the first that is so."""
    messages: list[Any] = []
    async with asyncio.timeout(10):
        while not messages or not condition(messages[-1]):
            messages.append(await told(socket))
    return messages


async def refused(service: Service, path: str, **more: Any) -> int:
    """The status of a handshake that is refused."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with watching(service, path, **more):
            pass
    return caught.value.status


def texts(messages: list[str]) -> list[Any]:
    return [json.loads(message) for message in messages]


# Events


async def test_the_first_message_is_how_things_are(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    async with watching(service, "/ws/events") as socket:
        snapshot = await told(socket)
    assert snapshot["type"] == "snapshot" and snapshot["data"]["started"] < snapshot["time"]
    (model,) = snapshot["data"]["models"].items()
    assert model[0] == "fault" and (model[1]["state"], model[1]["device"]) == ("resident", "cpu")
    assert (snapshot["data"]["downloads"], snapshot["data"]["jobs"]) == ([], [])


async def test_all_that_happens_is_told_in_order(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    async with watching(service, "/ws/events") as socket:
        number = (await told(socket))["seq"]
        events = [
            ModelStateChanged("fault", "parked", device="cpu", memory=5),
            WorkerExited("worker", "it was told to", expected=True),
            JobChanged("j1", "queued", "somebody", position=2),
            DownloadChanged("kokoro", "downloading", done=1, total=9, rate=float("inf")),
            VoicesChanged(),
            GpusRead((), "none"),
        ]
        for event in events:
            service.bus.publish(event)
        messages = [await told(socket) for _ in events]
    assert [message["type"] for message in messages] == [
        "model_state_changed",
        "worker_exited",
        "job_changed",
        "download_changed",
        "voices_changed",
        "gpus_read",
    ]
    assert [message["seq"] for message in messages] == [number + n for n in range(1, 7)]
    assert messages[0]["data"] == {"model": "fault", "state": "parked", "error": None, "device": "cpu", "memory": 5}
    assert messages[3]["data"]["rate"] is None, "JSON has no infinity"
    assert messages[5]["data"] == {"gpus": [], "problem": "none"}


async def test_requests_that_are_not_over_are_in_the_snapshot(start: StartService) -> None:
    service = await start()
    async with service.speech.speak(SpeechRequest(client="me", job="j1"), "tone sleep:5.") as response:
        await anext(response.pcm())
        async with watching(service, "/ws/events") as socket:
            (job,) = (await told(socket))["data"]["jobs"]
    assert (job["job"], job["state"], job["client"], job["model"]) == ("j1", "generating", "me", "fault")
    async with watching(service, "/ws/events") as socket:
        assert (await told(socket))["data"]["jobs"] == []


async def test_only_the_types_that_are_asked_for(start: StartService) -> None:
    service = await start()
    async with watching(service, "/ws/events?types=voices_changed,worker_exited") as socket:
        assert (await told(socket))["type"] == "snapshot"
        service.bus.publish(GpusRead((), "none"))
        service.bus.publish(WorkerExited("worker", "", expected=True))
        service.bus.publish(JobChanged("j1", "queued", ""))
        service.bus.publish(VoicesChanged())
        assert [(await told(socket))["type"] for _ in range(2)] == ["worker_exited", "voices_changed"]


async def test_who_comes_late_is_told_what_was_missed(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    async with watching(service, "/ws/events") as socket:
        number = (await told(socket))["seq"]
    service.bus.publish(WorkerExited("one", "", expected=True))
    service.bus.publish(WorkerExited("two", "", expected=True))
    async with watching(service, f"/ws/events?since={number + 1}") as socket:
        missed, snapshot = await told(socket), await told(socket)
    assert (missed["seq"], missed["data"]["worker"]) == (number + 2, "two")
    assert (snapshot["type"], snapshot["seq"]) == ("snapshot", number + 2)
    assert await refused(service, "/ws/events?since=soon") == 422
    assert await refused(service, "/ws/events?types=speech_ended,rain") == 422


@pytest.mark.parametrize("kept", [True, False])
async def test_what_is_said_is_told_only_where_texts_are_kept(start: StartService, kept: bool) -> None:
    service = await start(history__texts=kept)
    async with watching(service, "/ws/events?types=speech_ended") as socket:
        await told(socket)
        async with service.speech.speak(SpeechRequest(), "tone secret.") as response:
            _ = [chunk async for chunk in response.pcm()]
        ended = await told(socket)
    assert ended["data"]["text"] == ("tone secret." if kept else "")
    assert ("secret" in json.dumps(ended)) == kept


def test_only_so_many_events_are_remembered() -> None:
    bus = EventBus()
    history = EventHistory(bus, texts=True, most=3)
    for name in "abcde":
        bus.publish(WorkerExited(name, "", expected=True))
    assert [message["data"]["worker"] for message in texts(history.since(0))] == ["c", "d", "e"]
    assert [message["seq"] for message in texts(history.since(4))] == [5]
    assert history.since(5) == []
    assert len(history.since(99)) == 3, "the number is from before a restart"


def test_of_progress_only_the_last_is_remembered() -> None:
    bus = EventBus()
    history = EventHistory(bus, texts=True)
    for done in range(100):
        bus.publish(DownloadChanged("a", "downloading", done=done))
        bus.publish(DownloadChanged("b", "downloading", done=done))
        bus.publish(GpusRead((), str(done)))
    bus.publish(DownloadChanged("a", "complete", done=100))
    bus.publish(DownloadChanged("a", "downloading", done=0))
    remembered = [(each["data"].get("name"), each["data"].get("state")) for each in texts(history.since(0))]
    assert remembered == [("b", "downloading"), (None, None), ("a", "complete"), ("a", "downloading")]


def test_a_long_text_is_not_remembered_whole() -> None:
    bus = EventBus()
    history = EventHistory(bus, texts=True)
    bus.publish(SpeechEnded("", None, 9, None, 0, 0, None, text="x" * 100_000))
    assert len(history.since(0)[0]) < 1000


# GPUs


async def test_a_reading_of_the_gpus_each_second(start: StartService, monkeypatch: pytest.MonkeyPatch) -> None:
    service = await start(models__gpu_interval=0)
    async with watching(service, "/ws/gpu") as socket:
        first = await told(socket)
        assert first["type"] == "gpus" and first["data"]["gpus"] == [] and first["data"]["problem"]
        seeming = GpusRead((Gpu(0, "GPU-0", "Seeming", 9, 5, power=1.5),))
        monkeypatch.setattr(service.gpus, "_gpus", SimpleNamespace(read=lambda: seeming))
        began = asyncio.get_running_loop().time()
        second = await told(socket)
        assert 0.8 < asyncio.get_running_loop().time() - began < 2
    assert [(gpu["name"], gpu["power"]) for gpu in second["data"]["gpus"]] == [("Seeming", 1.5)]


# Jobs


async def test_a_job_is_watched_from_its_first_step_to_its_last(start: StartService) -> None:
    service = await start()
    entry = (await service.jobs.submit(JobRequest("tone sleep:0.3 tone. tone."))).id
    for when in ("while it runs", "afterwards"):
        async with watching(service, f"/ws/jobs/{entry}") as socket:
            messages = await told_until(socket, lambda message: message["type"] in ("complete", "failed"))
            closed = await socket.receive(timeout=5)
        assert closed.type is WSMsgType.CLOSE and closed.data == 1000, when
        types = [message["type"] for message in messages]
        assert types[0] == "queued" and types[-1] == "complete", when
        assert {message["job_id"] for message in messages} == {entry}
        chunks = [message for message in messages if message["type"] == "audio_chunk"]
        assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
        seconds = sum(len(base64.b64decode(chunk["audio"])) / 2 / chunk["rate"] for chunk in chunks)
        assert seconds == pytest.approx(messages[-1]["duration"], abs=0.2), when


async def test_a_job_that_is_not_there_is_404_before_the_upgrade(start: StartService) -> None:
    assert await refused(await start(), "/ws/jobs/nothing") == 404


async def test_a_job_that_is_cancelled_says_so(start: StartService) -> None:
    service = await start()
    entry = await service.jobs.submit(JobRequest("tone sleep:5 tone."))
    async with watching(service, f"/ws/jobs/{entry.id}") as socket:
        await told_until(socket, lambda message: message["type"] == "generating")
        await service.jobs.cancel(entry.id)
        assert (await told_until(socket, lambda message: message["type"] == "cancelled"))[-1]["job_id"] == entry.id
        assert (await socket.receive(timeout=5)).data == 1000


# Who may, and for how long


async def test_the_key_is_wanted_and_may_stand_in_the_query(start: StartService) -> None:
    service = await start(http__api_key="secret")
    for path in ("/ws/events", "/ws/gpu", "/ws/jobs/x"):
        assert await refused(service, path) == 401
        assert await refused(service, f"{path}?token=wrong") == 401
    async with watching(service, "/ws/gpu?token=secret") as socket:
        assert (await told(socket))["type"] == "gpus"


async def test_pages_of_other_sites_may_not_look_on(start: StartService) -> None:
    assert await refused(await start(), "/ws/events", headers={"Origin": "https://evil.example"}) == 403


async def test_a_stop_says_goodbye(start: StartService) -> None:
    service = await start()
    async with watching(service, "/ws/events") as events, watching(service, "/ws/gpu") as gpus:
        await told(events), await told(gpus)
        stopping = asyncio.create_task(service.stop())
        for socket in (events, gpus):
            message = await told_or_closed(socket)
            assert message.data == 1001
        await asyncio.wait_for(stopping, 10)


async def told_or_closed(socket: Socket) -> aiohttp.WSMessage:
    """The goodbye; what is told before it does not matter."""
    async with asyncio.timeout(5):
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            continue
    return message


async def test_fifty_come_and_go_and_leave_nothing_behind(start: StartService) -> None:
    service = await start()
    await service.manager.load("fault")
    await asyncio.sleep(0.1)
    before = len(asyncio.all_tasks())
    async with aiohttp.ClientSession(url(service)) as session:
        for path in ("/ws/events", "/ws/gpu"):
            sockets = await asyncio.gather(*(session.ws_connect(path) for _ in range(25)))
            await asyncio.gather(*(told(socket) for socket in sockets))
            for n, socket in enumerate(sockets):
                if n % 2:
                    await socket.close()
                else:
                    # As a client that loses its network or its battery.
                    assert socket._response.connection and socket._response.connection.transport
                    socket._response.connection.transport.abort()
    await until(lambda: len(asyncio.all_tasks()) <= before)


# Sockets without a service


@asynccontextmanager
async def sockets_of(live: LiveSockets, frames: Callable[[], AsyncGenerator[str, None]]) -> AsyncIterator[str]:
    """A server that only sends frames; gives its address."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await live.serve(request, frames())
        except SpeechError as error:
            return web.Response(status=error.http_status)

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def forever() -> AsyncGenerator[str, None]:
    yield "first"
    await asyncio.Event().wait()


async def test_only_so_many_at_once() -> None:
    live = LiveSockets(most=2)
    async with sockets_of(live, forever) as address, aiohttp.ClientSession() as session:
        one, two = [await session.ws_connect(address) for _ in range(2)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(address)
        assert caught.value.status == Busy.http_status
        await one.close()
        await asyncio.sleep(0.05)
        assert live.count == 1
        await (await session.ws_connect(address)).close()
        await two.close()


async def test_who_does_not_read_is_let_go() -> None:
    async def flood() -> AsyncGenerator[str, None]:
        while True:
            yield "x" * 1_000_000

    live = LiveSockets(patience=0.3, goodbye=0.3)
    async with sockets_of(live, flood) as address, aiohttp.ClientSession() as session:
        socket = await session.ws_connect(address, max_msg_size=0)
        transport = socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        await until(lambda: live.count == 1)
        await until(lambda: live.count == 0)
        transport.abort()  # type: ignore[union-attr]


async def test_who_is_told_more_than_they_take_is_closed_with_a_reason() -> None:
    outbox = Outbox(most=3)

    async def frames() -> AsyncGenerator[str, None]:
        yield "first"
        for n in range(5):
            outbox.put(str(n))
        while True:
            yield await outbox.get()

    async with (
        sockets_of(LiveSockets(), frames) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address) as socket,
    ):
        assert await socket.receive_str() == "first"
        closed = await socket.receive(timeout=2)
        assert (closed.data, closed.extra) == (1013, "You do not keep up with what happens")


async def test_an_outbox_gives_what_came_in_order_until_it_is_too_much() -> None:
    outbox = Outbox(most=3)
    for n in range(3):
        outbox.put(str(n))
    assert [await outbox.get() for _ in range(3)] == ["0", "1", "2"]
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    outbox.put("3")
    assert await waiting == "3"
    for n in range(4):
        outbox.put(str(n))
    with pytest.raises(TooSlow):
        await outbox.get()


async def test_a_client_that_answers_no_ping_is_let_go() -> None:
    live = LiveSockets(heartbeat=0.4, goodbye=0.1)
    async with (
        sockets_of(live, forever) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address, autoping=False),
    ):
        assert live.count == 1
        await until(lambda: live.count == 0)


async def test_what_a_client_says_does_not_matter_unless_it_is_too_much() -> None:
    live = LiveSockets()
    async with (
        sockets_of(live, forever) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address) as socket,
    ):
        assert await socket.receive_str() == "first"
        await socket.send_str("hello")
        await socket.send_bytes(b"\x00")
        await asyncio.sleep(0.05)
        assert live.count == 1
        await socket.send_str("x" * 100_000)
        assert (await socket.receive(timeout=2)).data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_an_error_in_the_first_frame_comes_before_the_upgrade() -> None:
    async def nothing() -> AsyncGenerator[str, None]:
        raise NotFound("nothing")
        yield ""

    live = LiveSockets()
    async with sockets_of(live, nothing) as address, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(address)
    assert (caught.value.status, live.count) == (404, 0)


async def test_after_the_last_frame_it_is_closed_in_good_order() -> None:
    async def two() -> AsyncGenerator[str, None]:
        yield "one"
        yield "two"

    async with (
        sockets_of(LiveSockets(), two) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address) as socket,
    ):
        assert [await socket.receive_str() for _ in range(2)] == ["one", "two"]
        assert (await socket.receive(timeout=2)).data == 1000
