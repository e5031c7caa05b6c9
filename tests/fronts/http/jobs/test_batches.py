"""Batches over HTTP: taken whole, counted, cancelled, and had as an archive that is made while it is sent."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from job_client import JobClient, job_client
from managed import until
from working_jobs import open_files

from wyoming_openspeakers.fronts.http.jobs.file_names import file_name
from wyoming_openspeakers.fronts.http.jobs.zipped import zipped
from wyoming_openspeakers.jobs.stored import stepwise


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[JobClient]:
    async with job_client(tmp_path, jobs__at_once=1) as client:
        yield client


async def show(it: JobClient, batch: Any) -> Any:
    return await it.ask("GET", f"/api/tts/batches/{batch['batch_id']}")


async def archive(it: JobClient, batch: Any) -> dict[str, bytes]:
    content = await it.ask("GET", f"/api/tts/batches/{batch['batch_id']}/zip")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
        return {name: file.read(name) for name in file.namelist()}


async def test_lines_become_files_in_an_archive(it: JobClient) -> None:
    batch = await it.batch("The tone is on.", "tone fail", "../tone: of/evil\\", "光 tone")
    assert (batch["total"], len(set(batch["job_ids"]))) == (4, 4)
    for id in batch["job_ids"]:
        await it.working.over(id)
    shown = await show(it, batch)
    assert (shown["batch_id"], shown["total"]) == (batch["batch_id"], 4)
    assert shown["status_counts"] == {"complete": 3, "failed": 1}
    assert [job["id"] for job in shown["jobs"]] == batch["job_ids"]
    assert {job["batch_id"] for job in shown["jobs"]} == {batch["batch_id"]}
    files = await archive(it, batch)
    assert list(files) == ["001-the-tone-is-on.wav", "003-tone-of-evil.wav", "004-光-tone.wav"]
    assert files["001-the-tone-is-on.wav"] == await it.ask("GET", shown["jobs"][0]["audio_url"])


@pytest.mark.slow
async def test_only_what_is_complete_is_in_the_archive(it: JobClient) -> None:
    batch = await it.batch("tone", "tone sleep:20", "tone tone")
    await it.working.over(batch["job_ids"][0])
    await until(lambda: batch["job_ids"][1] in it.working.began())
    assert (await show(it, batch))["status_counts"] == {"complete": 1, "running": 1, "pending": 1}
    assert list(await archive(it, batch)) == ["001-tone.wav"]


async def test_a_batch_is_cancelled(it: JobClient) -> None:
    batch = await it.batch("tone", *["tone sleep:20"] * 5)
    await it.working.over(batch["job_ids"][0])
    await it.ask("DELETE", f"/api/tts/batches/{batch['batch_id']}", 204)
    assert (await show(it, batch))["status_counts"] == {"complete": 1, "cancelled": 5}
    await it.ask("DELETE", f"/api/tts/batches/{batch['batch_id']}", 204)


@pytest.mark.slow
async def test_single_jobs_go_first(it: JobClient) -> None:
    await it.generate("sleep:0.3")
    batch = await it.batch("tone one", "tone two")
    single = await it.generate("tone three")
    for id in batch["job_ids"]:
        await it.working.over(id)
    assert it.working.began()[1:] == [single, *batch["job_ids"]]


REFUSED: tuple[tuple[dict[str, Any], int, str | None], ...] = (
    ({"lines": []}, 422, "lines"),
    ({"lines": ["tone"] * 101}, 422, "lines"),
    ({"lines": ["tone", " "]}, 422, "lines.1"),
    ({"lines": ["tone", 5]}, 422, "lines.1"),
    ({"model_id": "nothing"}, 404, None),
    ({"voice_id": "nobody"}, 404, None),
    ({"extra": {"volume": 1}}, 422, "extra.volume"),
    ({"speed": 9}, 422, "speed"),
)


async def test_all_lines_are_taken_or_none(it: JobClient) -> None:
    for change, status, param in REFUSED:
        body = {"model_id": "fault", "lines": ["tone"], **change}
        refused = await it.ask("POST", "/api/tts/batch", status, json=body)
        assert refused["param"] == param, change
    assert (await it.ask("GET", "/api/tts/jobs"))["total"] == 0


async def test_there_is_no_such_batch(it: JobClient) -> None:
    for method, path in (("GET", ""), ("GET", "/zip"), ("DELETE", "")):
        await it.ask(method, f"/api/tts/batches/nothing{path}", 404)


async def test_an_archive_of_nothing(it: JobClient) -> None:
    batch = await it.batch("tone fail")
    await it.working.over(batch["job_ids"][0])
    await it.ask("GET", f"/api/tts/batches/{batch['batch_id']}/zip", 404)


def test_an_archive_takes_little_memory_and_leaves_out_what_has_gone(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(64_000_000)
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in zipped([("1.wav", big), ("2.wav", tmp_path / "gone"), ("3.wav", big)]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 128_000_000 < size < 128_001_000 and peak < 4_000_000


@pytest.mark.slow
async def test_who_hangs_up_leaves_nothing_open(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(4_000_000)
    before = open_files()
    async with aclosing(stepwise(zipped([("1.wav", big)]))) as pieces:
        assert await anext(pieces)
    await until(lambda: open_files() == before)


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [
        ("Hello, World!", 7, "007-hello-world.mp3"),
        (None, 12, "012.mp3"),
        ("!?", None, "speech.mp3"),
        ("CON", None, "con.mp3"),
        ("one two three four five six seven", 1, "001-one-two-three-four-five-six.mp3"),
        ("x" * 500, None, f"{'x' * 40}.mp3"),
        ("a\u202eb/c\\d:e*f", None, "a-b-c-d-e-f.mp3"),
    ],
)
def test_names_say_what_is_in_a_file(text: str | None, number: int | None, name: str) -> None:
    assert file_name(text, "mp3", number) == name
