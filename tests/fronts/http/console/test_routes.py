"""The console as it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from side_server import serving

from wyoming_openspeakers.fronts.http.console.files import FOLDER, ConsoleFiles
from wyoming_openspeakers.fronts.http.console.routes import POLICY, ConsoleRoutes


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    parts: Any = None
    operations = ConsoleRoutes(parts).operations()
    async with (
        serving(tmp_path, *operations, http__api_key="secret") as server,
        aiohttp.ClientSession(server.url, auto_decompress=False) as session,
    ):
        yield session


async def test_the_page_is_open_and_has_the_policy(client: aiohttp.ClientSession) -> None:
    async with client.get("/") as answer:
        assert answer.status == 200 and answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    assert "unsafe" not in POLICY and "http" not in POLICY and "*" not in POLICY
    async with client.get("/", headers={"If-None-Match": tag}) as again:
        assert again.status == 304 and await again.read() == b""


async def test_files_are_kept_for_ever_under_their_version(client: aiohttp.ClientSession) -> None:
    version = ConsoleFiles().version
    async with client.get(f"/console/{version}/app.js") as answer:
        assert answer.status == 200 and answer.content_type == "text/javascript" and answer.charset == "utf-8"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with client.get("/console/older/pages/speak.js") as older:
        assert older.status == 200 and older.headers["Cache-Control"] == "no-cache"


async def test_files_come_packed_to_who_can_unpack_them(client: aiohttp.ClientSession) -> None:
    plain = (FOLDER / "style/components.css").read_bytes()
    async with client.get("/console/x/style/components.css", headers={"Accept-Encoding": "gzip, br"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
        assert len(await packed.read()) < len(plain) / 2
    async with client.get("/console/x/style/components.css", headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers and await answer.read() == plain


@pytest.mark.parametrize("path", ["README.md", "index.html", "no.js", "..%2f__init__.py", "a/..%2fserver.py", "%00"])
async def test_what_is_no_file_of_it_is_not_there(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(f"/console/x/{path}") as answer:
        assert answer.status == 404 and "load the page again" in (await answer.json())["detail"]
