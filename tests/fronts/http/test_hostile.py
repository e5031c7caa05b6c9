"""What an attacker sends, over raw sockets, to the running service: each gets a clear refusal, and costs little."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
import yaml
from conftest import ServeProcess
from fault_models import models_file
from processes import SHARED
from recordings import speech, wav

pytestmark = pytest.mark.slow

MOST_GROWTH = 40_000_000
"""Bytes that the service may grow by while it is attacked."""

MOST_UPLOAD = 5_000_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    folder = tmp_path_factory.mktemp("hostile")
    tree = models_file(fault={}, mimic={})
    tree["models"]["mimic"]["engine"] = "faults.mimic"
    (folder / "models.yaml").write_text(yaml.safe_dump(tree))
    process = ServeProcess(
        folder / "data",
        ["--models", str(folder / "models.yaml"), "--log-level", "warning"],
        {
            "OPENSPEAKERS__HTTP__REQUESTS_PER_MINUTE": "0",
            "OPENSPEAKERS__HTTP__MAX_UPLOAD": str(MOST_UPLOAD),
            "OPENSPEAKERS__TEXT__MAX_CHARACTERS": "10000",
        },
    )
    SHARED.add(process.process.pid)
    yield process
    _, log = process.stop()
    assert "Traceback" not in log, log


@pytest.fixture(autouse=True)
def nothing_lasting(service: ServeProcess) -> Iterator[None]:
    """After each attack the service is there, no larger than before, and has nothing on the disk."""
    process = psutil.Process(service.process.pid)
    before = process.memory_info().rss
    yield
    answer = asyncio.run(exchange(service, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert process.memory_info().rss - before < MOST_GROWTH
    data = Path(service.process.args[service.process.args.index("--data-dir") + 1])  # type: ignore[index, union-attr, arg-type]
    assert not [path for path in (data / "uploads").rglob("*") if path.is_file()]


async def exchange(service: ServeProcess, *data: bytes, patience: float = 10) -> bytes:
    """Send, as far as the service takes it, and read all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))

    async def send() -> None:
        for piece in data:
            writer.write(piece)
            await writer.drain()

    sending = asyncio.create_task(send())
    answer = b""
    try:
        async with asyncio.timeout(patience):
            while piece := await reader.read(65536):
                answer += piece
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return answer


def request(method: str, path: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """A request of which only this body comes."""
    lines = [f"{method} {path} HTTP/1.1", "Connection: close", *headers]
    if not any(header.startswith("Host:") for header in headers):
        lines.append("Host: localhost")
    if not any(header.startswith("Transfer-Encoding") for header in headers) and method != "GET":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def status(answer: bytes) -> int:
    """Of the first answer; 0 where there is none."""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0


JSON = "Content-Type: application/json"
SPEECH = "/v1/audio/speech"

PATHS = [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/api/voices/..%2f..%2f..%2fetc%2fpasswd",
    "/api/voices/%2e%2e/audio",
    "/api/voices/..%5c..%5cwindows/audio",
    "/api/tts/jobs/..%2f..%2fsecret/audio",
    "/api/tts/jobs/%00/audio",
    "/api/history/%00",
    "/api/history/%ff%fe/audio",
    "/api/voices/%ed%a0%80",
    "/api/models/..%2f..%2fetc%2fpasswd/files",
    "/api/tts/batches/%2fetc%2fpasswd/zip",
    "/docs/../../etc/passwd",
    "/openapi.json%00.html",
    "/" + "a" * 8000,
    "/" + "%2e%2e%2f" * 500,
    "/api/tts/jobs/" + "9" * 4000,
]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
async def test_no_name_is_a_path(service: ServeProcess, path: str) -> None:
    for method in ("GET", "DELETE"):
        answer = await exchange(service, request(method, path))
        assert status(answer) in (400, 404, 405, 422) and b"root:" not in answer, answer[:300]


QUERIES = ["page=" + "9" * 5000, "page=-1", "search=%00", "search=" + "a" * 7000, "&".join(["page=1"] * 900), "%ff=%ff"]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
async def test_queries(service: ServeProcess, query: str) -> None:
    assert status(await exchange(service, request("GET", f"/api/tts/jobs?{query}"))) in (200, 400, 414, 422)


HEADERS = [
    ("Host: evil.example", 403),
    ("Host: localhost@evil.example", 403),
    ("Host: [::1", 403),
    ("Origin: http://evil.example", 403),
    ("Origin: null", 403),
    ("Sec-Fetch-Site: cross-site", 403),
    ("Content-Encoding: gzip", 415),
    ("Content-Type: text/plain", 415),
    ("Content-Type: multipart/form-data; boundary=x", 415),
    ("X: " + "y" * 20_000, 400),
    ("\r\n".join(f"X{n}: y" for n in range(5000)), 400),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
    ("Content-Length: -1", 400),
    ("Content-Length: 5\r\nContent-Length: 6", 400),
    ("Bad Header", 400),
    ("X: a\0b", 400),
]


@pytest.mark.parametrize(("header", "expected"), HEADERS, ids=range(len(HEADERS)))
async def test_headers(service: ServeProcess, header: str, expected: int) -> None:
    body = b'{"model": "fault", "input": "tone", "voice": "plain"}'
    kind = () if header.startswith("Content-Type") else (JSON,)
    answer = await exchange(service, request("POST", SPEECH, body, header, *kind))
    assert status(answer) == expected, answer[:300]


NOISE = [
    b"GET /\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    b"\0" * 100_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b'{"type": "describe", "data": {}, "payload_length": 0}\n',
    b"GET / HTTP/9.9\r\n\r\n",
    b"G\xff\xfeT / HTTP/1.1\r\n\r\n",
    b"A" * 1_000_000,
    b"GET / HTTP/1.1\nHost: localhost\n\n",
]


@pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
async def test_what_is_no_http(service: ServeProcess, noise: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    try:
        writer.write(noise)
        writer.write_eof()
        async with asyncio.timeout(5):
            answer = await reader.read()
    except OSError:
        answer = b""
    writer.close()
    assert status(answer) in (0, 400, 403, 404, 505), answer[:300]


async def test_a_request_that_hides_behind_another(service: ServeProcess) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = await exchange(service, first + smuggled)
    assert answer.startswith(b"HTTP/1.1 200") and b"HTTP/1.1 403" in answer
    answer = await exchange(service, first + b"\0\xff garbage\r\n\r\n")
    assert b" 400 " in answer


async def test_a_pipeline_without_end(service: ServeProcess) -> None:
    async def send() -> None:
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100
        for _ in range(500):
            writer.write(one)
            await writer.drain()

    _, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    sending = asyncio.create_task(send())
    await asyncio.sleep(0.5)
    answer = await exchange(service, request("GET", "/healthz"))
    assert status(answer) == 200
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    writer.transport.abort()


BODIES = [
    (request("POST", SPEECH, b"{", JSON, length=10_000_000_000), 413),
    (request("POST", SPEECH, b"{", "Content-Type: multipart/form-data; boundary=b", length=10_000_000_000), 415),
    (request("POST", "/api/voices", b"--b", "Content-Type: multipart/form-data; boundary=b", length=10**10), 413),
    (request("POST", "/v1/audio/voices", b"--b", "Content-Type: multipart/form-data; boundary=b", length=10**10), 413),
    (request("POST", SPEECH, b'{"input": ' + b"[" * 50_000, JSON), 400),
    (request("POST", SPEECH, b'{"input": "' + b"a" * 500_000 + b'"}', JSON), 413),
    (request("POST", SPEECH, b'{"model": "fault", "voice": "plain", "input": "' + b"a" * 50_000 + b'"}', JSON), 413),
    (request("POST", SPEECH, b"zzz\r\n", JSON, "Transfer-Encoding: chunked"), 400),
    (request("POST", SPEECH, b"-5\r\nhello\r\n0\r\n\r\n", JSON, "Transfer-Encoding: chunked"), 400),
    (request("POST", SPEECH, b"1;" + b"x" * 100_000 + b"\r\n{\r\n0\r\n\r\n", JSON, "Transfer-Encoding: chunked"), 400),
    (request("POST", SPEECH, b'{"model": "fault", "voice": "../../x", "input": "tone"}', JSON), 404),
    (request("POST", SPEECH, b'{"model": "../../etc", "voice": "plain", "input": "tone"}', JSON), 404),
    (request("POST", SPEECH, b'{"model": "http://evil/", "voice": {"id": "plain"}, "input": "tone"}', JSON), 404),
    (request("POST", SPEECH, b'{"model": "fault", "voice": "plain", "input": "x", "speed": 1e400}', JSON), 400),
    (request("POST", SPEECH, b'{"model": 1, "voice": [], "input": {}, "response_format": null}', JSON), 400),
]


@pytest.mark.parametrize(("data", "expected"), BODIES, ids=range(len(BODIES)))
async def test_bodies(service: ServeProcess, data: bytes, expected: int) -> None:
    answer = await exchange(service, data)
    assert status(answer) == expected, answer[:500]
    told = json.loads(answer.partition(b"\r\n\r\n")[2]) if b"application/json" in answer else {}
    assert expected == 400 or told, answer[:500]


CHUNKS = {
    "large": (b"10000\r\n" + b" " * 65536 + b"\r\n", 2000),
    "tiny": (b"1\r\n \r\n" * 2000, 500),
    "with extensions": (b"10;" + b"x" * 4000 + b"\r\n" + b" " * 16 + b"\r\n", 20_000),
    "lines": (b"10000\r\n" + b"\n" * 65536 + b"\r\n", 2000),
}


@pytest.mark.parametrize("kind", CHUNKS)
@pytest.mark.parametrize(
    ("path", "content"), [(SPEECH, JSON), ("/api/voices", "Content-Type: multipart/form-data; boundary=b")]
)
async def test_chunks_without_end(service: ServeProcess, kind: str, path: str, content: str) -> None:
    piece, count = CHUNKS[kind]
    pieces = [request("POST", path, b"", content, "Transfer-Encoding: chunked"), *[piece] * count, b"0\r\n\r\n"]
    answer = await exchange(service, *pieces, patience=20)
    assert status(answer) in (0, 400, 413), answer[:300]


def form(audio: bytes, filename: str = "a.wav", model: str = "mimic") -> bytes:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in (
        ("name", "Mallory"), ("model_id", model), ("consent", "true"))]  # fmt: skip
    head = f'--b\r\nContent-Disposition: form-data; name="reference_audio"; filename="{filename}"\r\n\r\n'
    return "".join([*parts, head]).encode() + audio + b"\r\n--b--\r\n"


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("voice.wav", b"\0" * 30_000_000)
    return packed.getvalue()


def _flac(seconds: int, rate: int, channels: int) -> bytes:
    packed = io.BytesIO()
    soundfile.write(packed, np.zeros((seconds * rate, channels), np.int16), rate, format="FLAC")
    return packed.getvalue()


def _wav_that_lies() -> bytes:
    most = b"\xff\xff\xff\xff"
    kind = b"WAVEfmt \x10\0\0\0\1\0\1\0\x80\xbb\0\0\0w\1\0\2\0\x10\0"
    return b"RIFF" + most + kind + b"data" + most + b"\0" * 100


AUDIO: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"I am a voice" * 100,
    "a zip bomb": _zip_bomb,
    "an hour of silence": lambda: _flac(3600, 8000, 1),
    "many channels": lambda: _flac(20, 48000, 8),
    "a header that lies": _wav_that_lies,
    "a playlist": lambda: b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n",
    "a concat script": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a page that asks elsewhere": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://x/"/></svg>',
    "a pickle": lambda: b"\x80\x04\x95\x1a\0\0\0\0\0\0\0\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
    "too much": lambda: wav(speech(8)) + b"\0" * MOST_UPLOAD,
}


@pytest.mark.parametrize("kind", AUDIO)
async def test_recordings_that_are_none(service: ServeProcess, kind: str) -> None:
    body = form(AUDIO[kind]())
    answer = await exchange(
        service, request("POST", "/api/voices", body, "Content-Type: multipart/form-data; boundary=b"), patience=20
    )
    assert status(answer) in (400, 413, 415, 422), answer[:500]
    assert b"/etc/" not in answer and b"root:" not in answer


NAMES = ["../../../../tmp/x.wav", "/etc/cron.d/x", "a\\..\\b", "%00.wav", "con", "." * 3000]


@pytest.mark.parametrize("filename", NAMES)
async def test_file_names_lead_nowhere(service: ServeProcess, filename: str) -> None:
    head = "Content-Type: multipart/form-data; boundary=b"
    answer = await exchange(service, request("POST", "/api/voices", form(wav(speech(8)), filename), head), patience=20)
    assert status(answer) in (201, 400, 409, 413, 422), answer[:500]
    assert b"/tmp" not in answer and b"cron.d" not in answer and b".." not in answer


async def test_slow_clients_cost_nobody_else(service: ServeProcess) -> None:
    port = int(service.url.rpartition(":")[2])
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
    for number, (_, writer) in enumerate(slow):
        writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n" if number % 2 else b"GE")
    began = asyncio.get_running_loop().time()
    answer = await exchange(service, request("GET", "/healthz"))
    assert status(answer) == 200 and asyncio.get_running_loop().time() - began < 1
    for _, writer in slow:
        writer.close()
