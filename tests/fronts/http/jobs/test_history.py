"""The history over HTTP: of every front, searched, heard again and deleted."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_client import JobClient, job_client

from wyoming_openspeakers.history.entry import Entry
from wyoming_openspeakers.speech.audio.encode import Encoder


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[JobClient]:
    async with job_client(tmp_path) as client:
        yield client


async def heard(it: JobClient, id: str, **fields: Any) -> None:
    """Somebody listened to something, which is kept as FLAC at a rate of its own."""
    known: dict[str, Any] = {"kind": "live", "status": "complete", "created": time.time(), "front": "wyoming"}
    known |= {"client": "garden", "text": "Good morning.", "model": "fault", "voice": "fault/plain", "format": "flac"}
    history = it.working.history
    await history.add(Entry(**{"id": id, **known, **fields}))
    path = history.new_file(id, "flac")
    tone = (np.sin(np.arange(16000) / 6) * 8000).astype(np.int16).tobytes()
    encoder = Encoder("flac", 16000)
    path.write_bytes(encoder.feed(tone) + encoder.finish())
    await history.keep(id, path)


async def ids(it: JobClient, query: str = "") -> list[str]:
    return [entry["id"] for entry in (await it.ask("GET", f"/api/history?{query}"))["entries"]]


async def test_everything_that_was_spoken_is_there(it: JobClient) -> None:
    await heard(it, "one")
    job = await it.generate("tone")
    await it.over(job)
    page = await it.ask("GET", "/api/history")
    assert (page["total"], page["page"], page["page_size"], page["is_total_exact"]) == (2, 1, 20, True)
    assert [(entry["id"], entry["kind"], entry["front"]) for entry in page["entries"]] == [
        (job, "job", "http"),
        ("one", "live", "wyoming"),
    ]
    entry = await it.ask("GET", "/api/history/one")
    assert entry == page["entries"][1]
    assert (entry["text"], entry["client"], entry["voice"]) == ("Good morning.", "garden", "fault/plain")
    assert entry["audio_url"] == "/api/history/one/audio" and entry["bytes"] > 0


async def test_it_is_searched(it: JobClient) -> None:
    await heard(it, "one")
    await heard(it, "two", front="mqtt", text="Good night.", status="failed", error="no")
    await heard(it, "three", model="other", voice="other/plain", kind="batch")
    for query, found in {
        "kind=live": ["two", "one"],
        "front=mqtt": ["two"],
        "model=other": ["three"],
        "voice=fault/plain": ["two", "one"],
        "status=failed": ["two"],
        "search=MORNING": ["three", "one"],
        "search=morning&kind=live": ["one"],
        "page_size=1&page=2": ["two"],
    }.items():
        assert await ids(it, query) == found, query
    for query in ("kind=dead", "status=done", "page=0", "page_size=1000"):
        await it.ask("GET", f"/api/history?{query}", 422)


async def test_it_is_heard_again_also_in_another_format(it: JobClient) -> None:
    await heard(it, "one")
    async with it.session.get("/api/history/one/audio") as answer:
        assert answer.headers["Content-Type"] == "audio/flac" and (await answer.read())[:4] == b"fLaC"
        assert 'filename="good-morning.flac"' in answer.headers["Content-Disposition"]
    pcm = await it.ask("GET", "/api/history/one/audio?format=pcm")
    assert len(pcm) == pytest.approx(48000, abs=100)
    assert (await it.ask("GET", "/api/history/one/audio?format=wav"))[:4] == b"RIFF"


async def test_what_somebody_heard_of_it_is_heard_again(it: JobClient) -> None:
    await heard(it, "left", status="cancelled")
    url = (await it.ask("GET", "/api/history/left"))["audio_url"]
    assert (await it.ask("GET", url))[:4] == b"fLaC"


async def test_an_entry_is_deleted_with_its_audio(it: JobClient) -> None:
    await heard(it, "one")
    await it.ask("DELETE", "/api/history/one", 204)
    await it.ask("GET", "/api/history/one", 404)
    await it.ask("DELETE", "/api/history/one", 404)
    assert it.working.files() == []


async def test_what_is_not_over_is_not_deleted(it: JobClient) -> None:
    job = await it.generate("tone sleep:20")
    await it.ask("DELETE", f"/api/history/{job}", 409)
    await it.ask("GET", f"/api/history/{job}/audio", 409)


async def test_what_the_same_filters_list_is_deleted(it: JobClient) -> None:
    await heard(it, "one")
    await heard(it, "two", front="mqtt", text="Good night.", status="failed", error="no")
    await heard(it, "three", model="other", voice="other/plain", kind="batch")
    await heard(it, "four", created=NOON)
    for query, gone in {
        "status=failed&kind=job": 0,
        "status=failed&search=night&front=mqtt": 1,
        "model=other": 1,
        "until=2026-03-31T13:00Z&search=morning": 1,
        "voice=fault/plain&kind=live": 1,
    }.items():
        listed = (await it.ask("GET", f"/api/history?{query}"))["total"]
        assert await it.ask("DELETE", f"/api/history?{query}") == {"deleted": gone}
        assert listed == gone, query
    assert await ids(it) == [] == it.working.files()


async def test_all_that_was_listened_to_is_deleted_and_jobs_stay(it: JobClient) -> None:
    job = await it.generate("tone")
    await it.over(job)
    for n in range(3):
        await heard(it, f"live{n}")
    assert await it.ask("DELETE", "/api/history?kind=live") == {"deleted": 3}
    assert await ids(it) == [job]
    assert len(it.working.files()) == 1
    running = await it.generate("tone sleep:20")
    assert await it.ask("DELETE", "/api/history?all=true") == {"deleted": 1}
    assert await ids(it) == [running]


async def test_those_of_some_ids_are_deleted(it: JobClient) -> None:
    for id in ("one", "two", "three"):
        await heard(it, id)
    assert await it.ask("DELETE", "/api/history?id=one&id=three&id=nobody") == {"deleted": 2}
    assert await ids(it) == ["two"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "all=true"),
        ("all=false", "all=true"),
        ("untill=2026-03-31", "did you mean until?"),
        ("page=2", "unknown key page"),
        ("front=", "front: must not be empty"),
        ("search=&kind=live", "search: must not be empty"),
        ("since=", "since: must be a day or a moment"),
        ("status=done", "status"),
    ],
)
async def test_nothing_is_deleted_by_a_slip(it: JobClient, query: str, words: str) -> None:
    await heard(it, "one")
    refused = await it.ask("DELETE", f"/api/history?{query}", 422)
    assert words in json.dumps(refused)
    assert await ids(it) == ["one"]


NOON = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("since", "until", "is_found"),
    [
        ("2026-03-31T12:00:00Z", "", True),
        ("2026-03-31T12:00:00.5Z", "", False),
        ("", "2026-03-31T12:00:00Z", False),
        ("", "2026-03-31T12:00:01Z", True),
        ("2026-03-31T14:00+02:00", "2026-03-31T14:01+02:00", True),
        ("2026-03-31T14:01 02:00", "", False),
        ("2026-03-31T17:30+05:30", "", True),
        ("20260331T120000Z", "", True),
        ("2026-03-31", "2026-03-31", True),
        ("2026-04-01", "", False),
        ("", "2026-03-30", False),
        ("2026-03-31T14:00", "2026-03-31T14:01", True),
        ("2026-03-31 14:01", "", False),
        ("0001-01-01", "9999-12-31", True),
    ],
)
async def test_times_are_of_iso_8601_and_those_without_a_zone_of_the_service(
    it: JobClient, monkeypatch: pytest.MonkeyPatch, since: str, until: str, is_found: bool
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        await heard(it, "noon", created=NOON)
        await heard(it, "a job", created=NOON, kind="job")
        query = "&".join(f"{name}={value}" for name, value in (("since", since), ("until", until)) if value)
        assert await ids(it, f"kind=live&{query}") == ["noon"] * is_found
        jobs = await it.ask("GET", f"/api/tts/jobs?{query}")
        assert [job["id"] for job in jobs["jobs"]] == ["a job"] * is_found
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-13-01", "until=12", "since=1774958400", "until=", "since=2026-03-31T25:00",
              "since=2026-04-01&until=2026-03-30", "since=2026-03-31T12:00Z&until=2026-03-31T11:59Z"],
)  # fmt: skip
async def test_what_is_no_time_is_refused_by_its_name(it: JobClient, query: str) -> None:
    refused = {path: await it.ask("GET", f"{path}?{query}", 422) for path in LISTS}
    name = query.rpartition("&")[2].partition("=")[0]
    for path, answer in refused.items():
        assert f"{name}: must " in json.dumps(answer), path


LISTS = ("/api/history", "/api/tts/jobs")


async def test_a_live_entry_is_no_job(it: JobClient) -> None:
    await heard(it, "one")
    await it.ask("GET", "/api/tts/jobs/one", 404)
    assert (await it.ask("GET", "/api/tts/jobs"))["jobs"] == []
