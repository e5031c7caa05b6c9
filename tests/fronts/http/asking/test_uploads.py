"""Uploads: what is taken, what is refused and when, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from managed import until
from pydantic import BaseModel, Field
from side_server import serving

from wyoming_openspeakers.errors import BadAudio
from wyoming_openspeakers.fronts.http.api import Call, Operation, Upload
from wyoming_openspeakers.fronts.http.asking import uploads
from wyoming_openspeakers.fronts.http.asking.uploads import UploadFolder, display_name, uploaded
from wyoming_openspeakers.fronts.http.server import HttpServer

MOST = 300_000


class VoiceFields(BaseModel):
    name: str = Field(min_length=1, max_length=50)
    tags: list[str] = Field([])


FORM = Upload(VoiceFields, files=("reference_audio",), optional_files=("picture",))
SEEN: list[tuple[Path, int, int]] = []


async def create(call: Call[None, None]) -> dict[str, Any]:
    async with uploaded(call, FORM) as form:
        file = form.files["reference_audio"]
        SEEN.append((file.path, stat.S_IMODE(file.path.stat().st_mode), stat.S_IMODE(file.path.parent.stat().st_mode)))
        if form.fields.name == "bad":
            raise BadAudio("No speech in it")
        read = len(file.path.read_bytes())
        return {**form.fields.model_dump(exclude_defaults=True), "file": file.name, "size": file.size, "read": read}


CREATE = Operation("POST", "/api/voices", create, "Create", "Test", upload=FORM, answer=dict[str, Any], status=201)


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpServer]:
    monkeypatch.setattr(uploads, "_FREE_BYTES", 1_000_000)
    SEEN.clear()
    async with serving(tmp_path, CREATE, http__max_upload=MOST) as server:
        yield server


@pytest.fixture
async def client(server: HttpServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


def form(data: Any = b"RIFF", name: str = "Anna", filename: str = "anna.wav") -> aiohttp.FormData:
    body = aiohttp.FormData()
    body.add_field("name", name)
    body.add_field("reference_audio", data, filename=filename, content_type="audio/wav")
    return body


async def test_a_list_may_have_many_parts(client: aiohttp.ClientSession) -> None:
    body = form()
    for tag in ("a", "b", "c"):
        body.add_field("tags", tag)
    async with client.post("/api/voices", data=body) as answer:
        assert answer.status == 201 and (await answer.json())["tags"] == ["a", "b", "c"]


def left_over(data: Path) -> list[Path]:
    return [path for path in (data / "uploads").rglob("*") if path.is_file()]


async def test_a_file_is_there_while_it_is_looked_at(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with client.post("/api/voices", data=form(b"x" * 200_000)) as answer:
        assert answer.status == 201, await answer.text()
        assert await answer.json() == {"name": "Anna", "file": "anna.wav", "size": 200_000, "read": 200_000}
    [(path, mode, folder_mode)] = SEEN
    assert (mode, folder_mode) == (0o600, 0o700) and path.is_relative_to(tmp_path / "uploads")
    assert stat.S_IMODE((tmp_path / "uploads").stat().st_mode) == 0o700
    assert "anna" not in str(path) and not path.exists() and not left_over(tmp_path)


async def test_it_is_removed_when_it_is_no_good(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with client.post("/api/voices", data=form(name="bad")) as answer:
        assert answer.status == 422 and (await answer.json())["code"] == "bad-audio"
    assert SEEN and not SEEN[0][0].exists() and not left_over(tmp_path)


def _twice() -> aiohttp.FormData:
    body = form()
    body.add_field("name", "again")
    return body


def _foreign_file() -> aiohttp.FormData:
    body = form()
    body.add_field("other", b"x", filename="x")
    return body


def _only_name() -> aiohttp.FormData:
    body = aiohttp.FormData(default_to_multipart=True)
    body.add_field("name", "Anna")
    return body


def _many() -> aiohttp.FormData:
    body = form()
    for number in range(100):
        body.add_field(f"f{number}", "x")
    return body


REFUSED: list[tuple[Callable[[], Any], int, str | None]] = [
    (_only_name, 422, "reference_audio"),
    (lambda: form(name=""), 422, "name"),
    (lambda: form(name="x" * 51), 422, "name"),
    (lambda: form(name="x\0"), 422, "name"),
    (lambda: form(name="x" * 70_000), 413, "name"),
    (_twice, 422, "name"),
    (_foreign_file, 422, "other"),
    (_many, 413, None),
    (lambda: {"name": "Anna"}, 415, None),
    (lambda: b"--x\r\n", 415, None),
]


@pytest.mark.parametrize(("body", "status", "param"), REFUSED, ids=range(len(REFUSED)))
async def test_what_is_no_such_form_is_refused(
    client: aiohttp.ClientSession, tmp_path: Path, body: Callable[[], Any], status: int, param: str | None
) -> None:
    async with client.post("/api/voices", data=body()) as answer:
        assert (answer.status, (await answer.json())["param"]) == (status, param), await answer.text()
    assert not left_over(tmp_path)


BROKEN = [
    b"",
    b"--b",
    b"--b--\r\n",
    b"no boundary\r\n" * 100,
    b"--b\r\n\r\nno name\r\n--b--\r\n",
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\xfe\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="reference_audio"; filename="a"\r\n\r\nRIFF',
    b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    b"--b\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n",
    b'--b\r\nContent-Disposition: form-data; name="reference_audio"\r\nContent-Length: -1\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="name"\r\nContent-Length: x\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nrot13 is no charset at all, and long\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name*=utf-7\'\'%FF\r\n\r\nx\r\n--b--\r\n',
]


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam", "ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
async def test_broken_forms_are_the_clients_fault(
    client: aiohttp.ClientSession, tmp_path: Path, body: bytes
) -> None:
    async with client.post(
        "/api/voices", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    ) as answer:
        assert answer.status in (400, 413, 422) and (await answer.json())["detail"], await answer.text()
    assert not left_over(tmp_path)


@pytest.mark.parametrize("boundary", ["", "; boundary=", f"; boundary={'b' * 100}", "; boundary=\xe9"])
async def test_a_form_needs_a_boundary(client: aiohttp.ClientSession, boundary: str) -> None:
    async with client.post(
        "/api/voices", data=b"--b", headers={"Content-Type": f"multipart/form-data{boundary}"}
    ) as answer:
        assert answer.status == 400


async def test_too_much_is_not_read_to_its_end(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 500_000_000:
            sent += 10_000
            yield b"x" * 10_000

    for body in (form(b"x" * MOST), form(flood())):
        try:
            async with client.post("/api/voices", data=body) as answer:
                assert answer.status == 413 and (await answer.json())["code"] == "too-large"
        except aiohttp.ClientConnectionError:
            pass
        assert not left_over(tmp_path)
    assert sent < 500_000_000 and not SEEN


@pytest.mark.slow
async def test_a_declared_flood_is_refused_before_it_comes(server: HttpServer, tmp_path: Path) -> None:
    answer = await raw(server, b"Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413") and b"100 Continue" not in answer
    assert not list((tmp_path / "uploads").iterdir())


async def test_a_welcome_upload_is_asked_for(server: HttpServer) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--b--\r\n'
    answer = await raw(server, b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n%s" % (len(body), body))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422")


@pytest.mark.slow
async def test_an_upload_that_pauses_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_PATIENCE", 0.2)
    async with serving(tmp_path, CREATE) as server:
        part = b'--b\r\nContent-Disposition: form-data; name="reference_audio"; filename="a"\r\n\r\nRIFF'
        answer = await raw(server, b"Content-Length: 9000\r\n\r\n" + part)
        assert answer.startswith(b"HTTP/1.1 408") and not left_over(tmp_path)


@pytest.mark.slow
async def test_an_upload_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_PATIENCE", 0.2)
    monkeypatch.setattr(uploads, "_SLOWEST", 1_000_000)
    async with serving(tmp_path, CREATE, http__max_upload=100_000) as server, asyncio.timeout(5):
        reader, writer = await connect(server, b"Content-Length: 9000\r\n\r\n")
        writer.write(b'--b\r\nContent-Disposition: form-data; name="reference_audio"; filename="a"\r\n\r\n')
        reading = asyncio.create_task(reader.readline())
        while not reading.done():
            writer.write(b"x")
            await asyncio.sleep(0.05)
        assert (await reading).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_client_that_leaves_leaves_nothing(server: HttpServer, tmp_path: Path) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="reference_audio"; filename="a"\r\n\r\n' + b"x" * 100_000
    _, writer = await connect(server, b"Content-Length: 200000\r\n\r\n" + part)
    await until(lambda: bool(left_over(tmp_path)))
    writer.close()
    await until(lambda: not left_over(tmp_path))
    assert not SEEN


async def test_what_a_killed_service_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "uploads" / "old").mkdir(parents=True)
    (tmp_path / "uploads" / "old" / "recording").write_bytes(b"x")
    async with serving(tmp_path, CREATE):
        assert not list((tmp_path / "uploads").iterdir())


async def test_a_full_disk_is_told(
    client: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    async with client.post("/api/voices", data=form()) as answer:
        assert answer.status == 507 and (await answer.json())["code"] == "no-space"


async def test_a_disk_that_fills_is_told(
    client: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_open_private", fail)
    async with client.post("/api/voices", data=form()) as answer:
        assert answer.status == 507 and "No space left" in (await answer.json())["detail"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("anna.wav", "anna.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\voice.wav", "voice.wav"),
        ("..", ""),
        ("a\0b\n\u202ec.wav", "abc.wav"),
        ("x" * 500 + ".wav", "x" * 116 + ".wav"),
        ("", ""),
    ],
)
def test_names_are_only_shown(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(st.text())
def test_no_name_is_a_path(name: str) -> None:
    shown = display_name(name)
    assert not set(shown) & set("/\\\0\n\r") and len(shown) <= 120 and shown not in (".", "..")
    shown.encode()


async def connect(server: HttpServer, rest: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    head = b"POST /api/voices HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    writer.write(head + b"Content-Type: multipart/form-data; boundary=b\r\n" + rest)
    return reader, writer


async def raw(server: HttpServer, rest: bytes) -> bytes:
    reader, writer = await connect(server, rest)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


def test_the_folder_is_made_private(tmp_path: Path) -> None:
    UploadFolder(tmp_path / "a" / "uploads", MOST).clear()
    assert stat.S_IMODE((tmp_path / "a" / "uploads").stat().st_mode) == 0o700
