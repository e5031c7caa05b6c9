"""Live requests are noted with their audio, and speech never waits for that."""

from __future__ import annotations

import asyncio
import logging
import stat
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from history.conftest import OpenStore

from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.errors import SpeechError
from wyoming_openspeakers.events import EventBus, SpeechEnded
from wyoming_openspeakers.history.entry import Entry, Search
from wyoming_openspeakers.history.recorder import HistoryRecorder
from wyoming_openspeakers.history.recordings import Recordings
from wyoming_openspeakers.history.store import HistoryStore
from wyoming_openspeakers.models.queue import Urgency
from wyoming_openspeakers.speech.audio.encode import decoded
from wyoming_openspeakers.speech.request import SpeechRequest

RATE = 24_000
SOUND = (np.sin(np.arange(RATE) / 20) * 8000).astype("<i2").tobytes()


@pytest.fixture
def database() -> str:
    """A file: these tests are not about the database."""
    return ""


class Scene:
    """A recorder, and a service that speaks."""

    def __init__(self, store: HistoryStore, config: HistoryConfig) -> None:
        self.store = store
        self.bus = EventBus()
        self.recorder = HistoryRecorder(store, config, self.bus)

    def speak(
        self, pcm: bytes = SOUND, *, whole: bool = True, request: SpeechRequest | None = None, **ended: Any
    ) -> str:
        """Speak a text, as a response does it; returns its name."""
        job: str = ended.pop("job", uuid4().hex)
        recording = self.recorder.begin(job, request or SpeechRequest(), RATE) if pcm else None
        for begin in range(0, len(pcm), 4800):
            if recording:
                recording.write(pcm[begin : begin + 4800])
        if recording:
            recording.close(whole=whole)
        facts: dict[str, Any] = {
            "client": "c", "voice": "m/v", "characters": 2, "first_audio": 0.1, "total": 2.0, "audio": 1.0,
            "error": None, "left": not whole, "text": "Hello", "model": "m", "front": "wyoming", "language": "en",
            "queued": 0.05,
        }  # fmt: skip
        self.bus.publish(SpeechEnded(job=job, **{**facts, **ended}))
        return job

    async def noted(self) -> list[Entry]:
        """Everything that was noted, once that is done."""
        await self.recorder.stop()
        await self.recorder.start()
        return list((await self.store.page(Search())).entries)


Begin = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def begin(open_store: OpenStore) -> AsyncIterator[Begin]:
    """Start a recorder: `scene = await begin(audio="none")`."""
    scenes: list[Scene] = []

    async def start(**settings: Any) -> Scene:
        scene = Scene(await open_store(**settings), HistoryConfig(**settings))
        await scene.recorder.start()
        scenes.append(scene)
        return scene

    yield start
    for scene in scenes:
        await scene.recorder.stop()


async def test_what_was_spoken_is_noted_with_its_audio(begin: Begin) -> None:
    scene = await begin()
    asked = SpeechRequest(speed=1.5, seed=0, parameters={"cfg": 3})
    job = scene.speak(request=asked, profile="p1")
    (entry,) = await scene.noted()
    assert (entry.id, entry.kind, entry.status, entry.text, entry.characters) == (job, "live", "complete", "Hello", 5)
    assert (entry.client, entry.front, entry.model, entry.voice, entry.profile) == ("c", "wyoming", "m", "m/v", "p1")
    assert (entry.first_audio, entry.total, entry.queued, entry.seconds) == (0.1, 2.0, 0.05, 1.0)
    assert entry.parameters == {"speed": 1.5, "seed": 0, "extra": {"cfg": 3}}
    assert entry.completed is not None
    assert entry.started is not None
    assert entry.completed - entry.created == pytest.approx(2.0)
    assert entry.started - entry.created == pytest.approx(0.05)

    path = scene.store.file(entry)
    assert path is not None
    assert (entry.format, entry.bytes) == ("flac", path.stat().st_size)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    pieces = list(decoded(path))
    assert {rate for rate, _ in pieces} == {RATE}
    assert b"".join(pcm for _, pcm in pieces) == SOUND


@pytest.mark.parametrize(
    ("ended", "status"),
    [({"whole": False}, "cancelled"), ({"error": "it broke", "whole": False, "left": False}, "failed")],
)
async def test_what_was_heard_of_a_response_that_did_not_end_well_is_kept(
    begin: Begin, ended: dict[str, Any], status: str
) -> None:
    scene = await begin()
    scene.speak(SOUND[:9600], **ended)
    (entry,) = await scene.noted()
    assert (entry.status, entry.error) == (status, ended.get("error"))
    path = scene.store.file(entry)
    assert path is not None
    assert sum(len(pcm) for _, pcm in decoded(path)) == 9600


async def test_a_response_without_audio_is_noted_without(begin: Begin) -> None:
    scene = await begin()
    scene.speak(b"", error="no such voice", voice=None, model=None, audio=0.0, first_audio=None, queued=None)
    (entry,) = await scene.noted()
    assert (entry.status, entry.file, entry.started) == ("failed", None, None)
    assert _files(scene.store) == []


@pytest.mark.parametrize("audio", ["jobs", "none"])
async def test_audio_is_only_kept_where_it_is_wanted(begin: Begin, audio: str) -> None:
    scene = await begin(audio=audio)
    scene.speak(request=SpeechRequest(speed=2.0))
    (entry,) = await scene.noted()
    assert (entry.file, entry.parameters) == (None, {"speed": 2.0})


async def test_nothing_is_noted_where_no_history_is_wanted(begin: Begin) -> None:
    scene = await begin(enabled=False)
    scene.speak()
    assert await scene.noted() == []


async def test_jobs_write_their_own_entries(begin: Begin) -> None:
    scene = await begin()
    assert scene.recorder.begin("j", SpeechRequest(urgency=Urgency.JOB), RATE) is None
    scene.speak(b"", kind="job")
    assert await scene.noted() == []


async def test_many_at_once_are_all_noted(begin: Begin) -> None:
    scene = await begin()
    jobs = [scene.speak(SOUND[:4800]) for _ in range(60)]
    entries = await scene.noted()
    assert (await scene.store.page(Search(page_size=100))).total == 60
    assert all(scene.store.file(entry) for entry in entries)
    assert entries[0].id == jobs[-1]


async def test_in_a_crowd_many_share_a_transaction(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, transactions, add = await begin(), 0, HistoryStore.add

    async def counted(store: HistoryStore, *entries: Entry, **audio: Any) -> None:
        nonlocal transactions
        transactions += 1
        await add(store, *entries, **audio)

    monkeypatch.setattr(HistoryStore, "add", counted)
    began = time.monotonic()
    for _ in range(30):
        scene.speak(b"")
        await asyncio.sleep(0.01)
    await scene.noted()
    assert (await scene.store.page(Search())).total == 30
    assert transactions <= 2 + (time.monotonic() - began) / 0.1


async def test_one_alone_is_noted_at_once(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_openspeakers.history.recorder._PAUSE", 3600.0)
    scene = await begin()
    scene.speak(b"")
    for _ in range(1000):
        if (await scene.store.page(Search())).total:
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("it waits for others")


async def test_a_name_that_is_taken_costs_nobody_else_an_entry(begin: Begin) -> None:
    scene = await begin()
    jobs = [scene.speak(SOUND[:4800], job=job) for job in ("a", "b", "a", "c")]
    entries = await scene.noted()
    assert sorted(entry.id for entry in entries) == sorted(set(jobs))
    assert len(_files(scene.store)) == 3


async def test_a_full_disk_costs_the_audio_and_one_warning(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = await begin()

    def full(*_: str) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(scene.store, "new_file", full)
        for _ in range(3):
            scene.speak()
        entries = await scene.noted()
    assert [entry.file for entry in entries] == [None] * 3
    assert caplog.text.count("No space left") == 1


async def test_a_database_that_is_gone_costs_the_entries_and_one_warning(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = await begin()

    async def gone(*_: Entry, **__: object) -> None:
        raise SpeechError("the database is gone")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(scene.store, "add", gone)
        for _ in range(3):
            scene.speak(SOUND[:4800])
            await asyncio.sleep(0.02)
        await scene.recorder.stop()
    assert caplog.text.count("the database is gone") == 1
    assert _files(scene.store) == []
    await scene.recorder.start()
    scene.speak(SOUND[:4800])
    assert len(await scene.noted()) == 1


async def test_a_disk_that_cannot_follow_delays_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()
    files: list[Path | None] = []

    def slow() -> Path:
        go_on.wait(10)
        path = tmp_path / "slow.flac"
        path.touch()
        return path

    recordings = Recordings(slow, most_waiting=10 * len(SOUND))
    recordings.start()
    recording = recordings.begin(RATE, files.append)
    began = time.monotonic()
    for _ in range(100):
        recording.write(SOUND)
    recording.close(whole=True)
    assert time.monotonic() - began < 1
    go_on.set()
    await asyncio.to_thread(recordings.stop)
    assert files == [None]
    assert not (tmp_path / "slow.flac").exists()
    assert caplog.text.count("cannot follow") == 1


def _files(store: HistoryStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]
