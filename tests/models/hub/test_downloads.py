"""The downloads of a running service, with the real client library and a hub on localhost."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_server import HubServer, Repo, hub_server
from pydantic import SecretStr

from wyoming_openspeakers.errors import InvalidRequest, ModelFilesError, ModelUnavailable, ShuttingDown, UnknownModel
from wyoming_openspeakers.events import DownloadChanged, EventBus
from wyoming_openspeakers.models.hub import downloads as module
from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub.downloads import Downloads
from wyoming_openspeakers.models.hub.installed import HubModel, is_installed, verify
from wyoming_openspeakers.models.hub.names import files_of
from wyoming_openspeakers.models.registry import Registry, RegistryFile

pytestmark = pytest.mark.slow

COMMIT = "1" * 40
TOKEN = "hf_QwErTyUiOpAsDfGhJkLzXcVbNm12345678"  # noqa: S105 - nobody's
WEIGHTS = bytes(range(256)) * 4096
MODELS: dict[str, Any] = {
    **{
        name: {"engine": "faults.engine", "hub": {"repo": f"owner/{name}", "revision": COMMIT}}
        for name in ("one", "two", "three")
    },
    "piper": {
        "engine": "piper",
        "hub": {"repo": "owner/piper", "revision": COMMIT, "files": ["{language}/{voice}.onnx"]},
    },
    "plain": {"engine": "faults.engine"},
}
VOICES = ("de_DE-a-low", "de_DE-b-low")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "_RETRY_AFTER", (0, 0))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_server() as running:
        for name in ("one", "two", "three"):
            running.repos[f"owner/{name}"] = Repo(COMMIT, {"config.json": b"{}", "model.onnx": WEIGHTS + name.encode()})
        running.repos["owner/piper"] = Repo(COMMIT, {f"de_DE/{voice}.onnx": voice.encode() for voice in VOICES})
        yield running


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(RegistryFile.model_validate({"models": MODELS}), [tmp_path / "models"], tmp_path / "cache")


@pytest.fixture
def events() -> list[DownloadChanged]:
    return []


@pytest.fixture
def downloads(server: HubServer, registry: Registry, events: list[DownloadChanged]) -> Downloads:
    return make(registry, events, server.url)


def make(registry: Registry, events: list[DownloadChanged], url: str, token: str = TOKEN) -> Downloads:
    bus = EventBus()
    bus.subscribe(lambda event: events.append(event) if isinstance(event, DownloadChanged) else None)
    return Downloads(registry, bus, SecretStr(token), endpoint=url)


def here(registry: Registry, name: str) -> bool:
    model, files = files_of(registry, name)
    return is_installed(registry.folder(model), files)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen")


async def until_sent(server: HubServer, size: int) -> None:
    await until(lambda: sum(server.sent) >= size)


async def test_a_download_is_told_from_its_start_to_its_end(
    downloads: Downloads, registry: Registry, events: list[DownloadChanged]
) -> None:
    await downloads.start("one")
    assert here(registry, "one")
    assert (events[0].state, events[0].name, events[0].done) == ("downloading", "one", 0)
    assert events[-2].state == "downloading" and events[-2].done == events[-2].total == len(WEIGHTS) + 5
    assert (events[-1].state, events[-1].done, events[-1].error) == ("complete", len(WEIGHTS) + 5, None)
    assert downloads.active() == ()


async def test_everyone_who_asks_gets_the_same_download(server: HubServer, downloads: Downloads) -> None:
    tasks = {downloads.start("one") for _ in range(5)}
    assert len(tasks) == 1 and len(downloads.active()) == 1
    await tasks.pop()
    assert len(server.paths("/cdn/")) == 1


async def test_progress_is_told_about_four_times_a_second(
    server: HubServer, downloads: Downloads, events: list[DownloadChanged]
) -> None:
    server.rate = 800_000
    await downloads.start("one")
    telling = [event for event in events if event.total and event.state == "downloading"]
    assert 4 <= len(telling) <= 9
    middle = telling[len(telling) // 2]
    assert 0.3e6 < middle.rate < 1.6e6
    assert middle.remaining == pytest.approx((middle.total - middle.done) / middle.rate)
    assert [event.done for event in telling] == sorted(event.done for event in telling)


async def test_two_at_once_and_the_third_waits(
    server: HubServer, downloads: Downloads, events: list[DownloadChanged]
) -> None:
    server.hold_after = 100_000
    tasks = [downloads.start(name) for name in ("one", "two", "three")]
    await until_sent(server, 200_000)
    assert {active.name: active.state for active in downloads.active()} == {
        "one": "downloading", "two": "downloading", "three": "waiting",
    }  # fmt: skip
    server.go_on.set()
    await asyncio.gather(*tasks)
    assert [event.state for event in events if event.name == "three"][:2] == ["waiting", "downloading"]
    assert server.at_once <= 2


async def test_voices_of_a_model_come_one_after_the_other(downloads: Downloads, registry: Registry) -> None:
    names = [f"piper/{voice}" for voice in VOICES]
    await asyncio.gather(*map(downloads.start, names))
    assert all(here(registry, name) for name in names)


async def test_a_cancelled_download_ends_at_once_and_goes_on_later(
    server: HubServer, downloads: Downloads, registry: Registry, events: list[DownloadChanged]
) -> None:
    server.hold_after = 500_000
    task = downloads.start("one")
    await until_sent(server, 500_000)
    began = time.monotonic()
    assert downloads.cancel("one")
    await asyncio.wait([task])
    assert time.monotonic() - began < 1, "even though nothing comes from the hub"
    assert task.cancelled() and events[-1].state == "cancelled" and downloads.active() == ()
    assert not here(registry, "one")

    told = len(events)
    again = downloads.start("one")
    server.hold_after = None
    server.go_on.set()
    await again
    assert {event.state for event in events[told:-1]} <= {"waiting", "downloading"}
    assert [event.state for event in events][-1] == "complete"
    assert verify(registry.folder("one")) == []
    ranges = [request.range for request in server.requests if request.path.startswith("/cdn/")]
    assert ranges[0] is None and int((ranges[1] or "bytes=0-")[len("bytes=") : -1]) >= 500_000


async def test_a_cancelled_download_fetches_nothing_more(server: HubServer, downloads: Downloads) -> None:
    server.rate = 500_000
    task = downloads.start("one")
    await until_sent(server, 50_000)
    downloads.cancel("one")
    await asyncio.wait([task])
    sent = sum(server.sent)
    await asyncio.sleep(0.3)
    # The server may still fill the connection's buffers until it sees that the client is gone.
    assert sum(server.sent) <= sent + 65536 < len(WEIGHTS)


async def test_one_that_waits_or_just_began_can_be_cancelled(
    server: HubServer, downloads: Downloads, events: list[DownloadChanged]
) -> None:
    server.hold_after = 0
    task = downloads.start("one")
    downloads.cancel("one")
    await asyncio.wait([task])
    assert [event.state for event in events] == ["cancelled"]
    started = [downloads.start(name) for name in ("one", "two")]
    await asyncio.sleep(0.05)
    waiting = downloads.start("three")
    await asyncio.sleep(0.05)
    downloads.cancel("three")
    await asyncio.wait([waiting])
    assert events[-1].name == "three" and events[-1].state == "cancelled"
    server.go_on.set()
    await asyncio.gather(*started)
    assert not downloads.cancel("three"), "there is none now"


async def test_a_client_that_leaves_does_not_end_the_download(
    server: HubServer, downloads: Downloads, registry: Registry
) -> None:
    server.hold_after = 100_000
    waiter = asyncio.create_task(asyncio.wait_for(asyncio.shield(downloads.start("one")), 0.1))
    with pytest.raises(TimeoutError):
        await waiter
    server.go_on.set()
    await downloads.start("one")
    assert here(registry, "one")


async def test_stop_ends_everything_at_once(
    server: HubServer, downloads: Downloads, events: list[DownloadChanged]
) -> None:
    server.hold_after = 100_000
    for name in ("one", "two", "three"):
        downloads.start(name)
    await until_sent(server, 200_000)
    began = time.monotonic()
    await downloads.stop()
    assert time.monotonic() - began < 1
    assert {event.name for event in events if event.state == "cancelled"} == {"one", "two", "three"}
    with pytest.raises(ShuttingDown):
        downloads.start("one")


@pytest.mark.parametrize(
    ("name", "error"),
    [("gone", UnknownModel), ("plain", ModelUnavailable), ("piper", InvalidRequest), ("a/b", UnknownModel)],
)
async def test_what_cannot_be_meant_is_told_at_once(downloads: Downloads, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        downloads.start(name)
    assert downloads.active() == ()


def gated(server: HubServer) -> None:
    server.repos["owner/one"] = Repo(COMMIT, {"config.json": b"{}", "x.bin": b"x"}, token=TOKEN, gated=True)


def refused(server: HubServer) -> None:
    server.repos["owner/one"] = Repo(COMMIT, {"config.json": b"{}"}, token="hf_other")  # noqa: S106 - nobody's


def missing(server: HubServer) -> None:
    del server.repos["owner/one"]


def failing(server: HubServer) -> None:
    server.statuses = [500] * 9


def breaking(server: HubServer) -> None:
    server.cuts = [1000, 0, 0, 0, 0]


def damaging(server: HubServer) -> None:
    server.damaged = True


def no_hub(server: HubServer) -> None:
    server.html = True


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (refused, "does not accept the token"),
        (missing, "no model owner/one"),
        (failing, "answered 500"),
        (breaking, "what has come is kept"),
        (damaging, "damaged on the way"),
        (no_hub, "not a model hub"),
    ],
)
async def test_a_failure_is_one_sentence_without_the_token(
    server: HubServer, downloads: Downloads, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture,
    fault: Any, sentence: str,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    fault(server)
    await fails(downloads, events, caplog, sentence)


async def fails(
    downloads: Downloads, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture, sentence: str,
    token: str = TOKEN,
) -> None:  # fmt: skip
    with pytest.raises(ModelFilesError, match=sentence) as caught:
        await downloads.start("one")
    assert events[-1].state == "failed" and events[-1].error == str(caught.value)
    assert "\n" not in str(caught.value) and "http" not in str(caught.value)
    said = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(events) + repr(downloads.__dict__)
    assert token.strip() not in said


async def test_offline_is_told(
    downloads: Downloads, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from huggingface_hub import close_session

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    close_session()
    await fails(downloads, events, caplog, "while HF_HUB_OFFLINE is set")


async def test_no_network_is_told(
    registry: Registry, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture, server: HubServer
) -> None:
    caplog.set_level(logging.DEBUG)
    await fails(make(registry, events, "http://127.0.0.1:1"), events, caplog, "connection to the hub failed")


async def test_a_gated_model_is_told(
    server: HubServer, registry: Registry, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture
) -> None:
    gated(server)
    without = make(registry, events, server.url, token="")
    with pytest.raises(ModelFilesError, match="terms accepted"):
        await without.start("one")
    await make(registry, events, server.url).start("one")


@pytest.mark.parametrize("token", ["hf_QwErTyUiOp\nInjected: header", "hf_QwErTyUiÖpAsDf", "hf_QwErTyUiOp AsDf"])
async def test_a_token_that_cannot_be_sent_is_not_quoted(
    server: HubServer, registry: Registry, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture, token: str
) -> None:
    caplog.set_level(logging.DEBUG)
    await fails(make(registry, events, server.url, token), events, caplog, "characters that no token has", token[:13])
    assert server.requests == []


async def test_a_token_with_a_newline_at_its_end_works(
    server: HubServer, registry: Registry, events: list[DownloadChanged]
) -> None:
    gated(server)
    await make(registry, events, server.url, f"{TOKEN}\n").start("one")
    assert events[-1].state == "complete"


async def test_a_full_disk_is_told(
    downloads: Downloads, registry: Registry, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    parts = registry.folder("one") / ".partial"
    parts.mkdir(parents=True)
    (parts / "full").symlink_to("/dev/full")
    monkeypatch.setattr(hub, "_partial", lambda folder, file: parts / "full")
    await fails(downloads, events, caplog, "No space left")


async def test_the_unforeseen_is_logged_without_the_token(
    downloads: Downloads, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def broken(folder: Path, model: HubModel, token: str, *rest: Any, **more: Any) -> None:
        raise LookupError(f"Authorization: Bearer {token}")

    monkeypatch.setattr(module, "download", broken)
    await fails(downloads, events, caplog, "one could not be fetched")
    assert "LookupError: Authorization: Bearer ***" in caplog.text


async def test_a_failure_that_nobody_waits_for_is_no_noise(
    server: HubServer, downloads: Downloads, events: list[DownloadChanged], caplog: pytest.LogCaptureFixture
) -> None:
    missing(server)
    downloads.start("one")
    await until(lambda: not downloads.active())
    gc.collect()
    assert events[-1].state == "failed"
    assert "never retrieved" not in caplog.text
