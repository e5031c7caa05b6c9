"""A small model hub on localhost, speaking enough of the real one's HTTP for its client library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlparse


@dataclass
class Repo:
    """A repository with one commit."""

    commit: str
    files: Mapping[str, bytes]
    tag: str = "v1.0.0"
    token: str | None = None
    """Asked for when set."""

    gated: bool = False

    def is_large(self, path: str) -> bool:
        """Whether a file is kept apart, as the hub does with models."""
        return path.endswith((".onnx", ".bin"))


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    path: str
    host: str
    range: str | None
    token: str | None


@dataclass
class HubServer:
    """The hub's state, to set up and look at in tests."""

    url: str
    repos: dict[str, Repo] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """Bytes after which to drop the connection, one for each coming transfer of a large file."""

    statuses: list[int] = field(default_factory=list)
    """Answers for the next transfers of large files, before anything else."""

    damaged: bool = False
    ranges: bool = True
    html: bool = False

    def paths(self, start: str) -> list[str]:
        """Paths of the requests so far that start so."""
        return [request.path for request in self.requests if request.path.startswith(start)]


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """Run a hub on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    hub = HubServer(f"http://127.0.0.1:{server.server_port}")
    server.hub = hub
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: HubServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent about clients that go away: some tests do so on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def hub(self) -> HubServer:
        return self.server.hub

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        path = unquote(urlparse(self.path).path)
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
        self.hub.requests.append(Request(path, self.headers["Host"], self.headers["Range"], token))
        parts = path.strip("/").split("/")
        if self.hub.html:
            self._answer(200, b"<html>Please log in to the guest network</html>", {"Content-Type": "text/html"})
        elif parts[0] == "cdn":
            contents = (content for repo in self.hub.repos.values() for content in repo.files.values())
            self._large(next(content for content in contents if hashlib.sha256(content).hexdigest() == parts[1]))
        elif parts[:2] == ["api", "models"]:
            self._info("/".join(parts[2:4]), parts[5], token)
        else:
            self._file("/".join(parts[:2]), parts[3], "/".join(parts[4:]), token)

    def _repo(self, name: str, revision: str, token: str | None) -> Repo | None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.token and not repo.gated and token is None):
            self._answer(401, b"", {"X-Error-Code": "RepoNotFound"})
        elif repo.token and token is not None and token != repo.token:
            self._answer(401, b"", {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif revision not in (repo.commit, repo.tag):
            self._answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        else:
            return repo
        return None

    def _info(self, name: str, revision: str, token: str | None) -> None:
        if repo := self._repo(name, revision, token):
            siblings = [_sibling(path, content, repo.is_large(path)) for path, content in repo.files.items()]
            body = {"id": name, "modelId": name, "sha": repo.commit, "private": False, "siblings": siblings}
            self._answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, revision: str, path: str, token: str | None) -> None:
        repo = self._repo(name, revision, token)
        if repo is None:
            return
        if repo.gated and token is None:
            self._answer(401, b"", {"X-Error-Code": "GatedRepo"})
        elif path not in repo.files:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
        elif repo.is_large(path):
            digest = hashlib.sha256(repo.files[path]).hexdigest()
            port = urlparse(self.hub.url).port
            self._answer(302, b"", {"Location": f"http://localhost:{port}/cdn/{digest}", "X-Repo-Commit": repo.commit})
        else:
            self._answer(200, repo.files[path], {"X-Repo-Commit": repo.commit})

    def _large(self, content: bytes) -> None:
        if self.hub.statuses:
            self._answer(self.hub.statuses.pop(0), b"", {})
            return
        if self.hub.damaged:
            content = bytes(len(content))
        start = int((self.headers["Range"] or "bytes=0-")[len("bytes=") : -1]) if self.hub.ranges else 0
        body = content[start:]
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        if self.hub.cuts:
            cut = self.hub.cuts.pop(0)
            self.close_connection = True
            self._answer(206 if start else 200, body[:cut], {**headers, "Content-Length": str(len(body))})
            return
        self._answer(206 if start else 200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _sibling(path: str, content: bytes, large: bool) -> dict[str, object]:
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
    entry: dict[str, object] = {"rfilename": path, "size": len(content), "blobId": blob}
    if large:
        entry["lfs"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 130}
    return entry
