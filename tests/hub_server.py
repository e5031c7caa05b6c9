"""A small model hub on localhost, speaking enough of the real one's HTTP for its client library."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

_PIECE = 16 * 1024


@dataclass
class Repo:
    """A repository with one commit."""

    commit: str
    files: Mapping[str, bytes]
    tag: str = "v1.0.0"
    token: str | None = None
    """Asked for when set."""

    gated: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else the hub tells of it: `library_name`, `pipeline_tag`."""

    _digests: dict[str, str] = field(default_factory=dict)

    def is_large(self, path: str) -> bool:
        """Whether a file is kept apart, as the hub does with models."""
        return path.endswith((".onnx", ".bin", ".safetensors"))

    def digest(self, path: str) -> str:
        """A file's SHA-256."""
        if path not in self._digests:
            self._digests[path] = hashlib.sha256(self.files[path]).hexdigest()
        return self._digests[path]

    def sibling(self, path: str) -> dict[str, object]:
        """A file as the hub lists it."""
        content = self.files[path]
        entry: dict[str, object] = {"rfilename": path, "size": len(content), "blobId": _blob(content)}
        if self.is_large(path):
            entry["lfs"] = {"size": len(content), "sha256": self.digest(path), "pointerSize": 130}
        return entry


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
    rate: float = 0
    """Bytes per second of a transfer of a large file; 0 for all it can."""

    hold_after: int | None = None
    """Bytes after which a transfer of a large file stands still until `go_on` is set."""

    go_on: Event = field(default_factory=Event)
    sent: list[int] = field(default_factory=list)
    """Bytes of each transfer of a large file."""

    at_once: int = 0
    """Transfers of large files that ran at the same time, at most."""

    listing: list[dict[str, Any]] = field(default_factory=list)
    """What a search for models answers."""

    queries: list[dict[str, list[str]]] = field(default_factory=list)
    """What was searched for."""

    _open: int = 0
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def transfer(self) -> Iterator[int]:
        """Count a transfer; its number."""
        with self._lock:
            number = len(self.sent)
            self.sent.append(0)
            self._open += 1
            self.at_once = max(self.at_once, self._open)
        try:
            yield number
        finally:
            with self._lock:
                self._open -= 1

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
        hub.go_on.set()
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

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlparse(self.path).path)
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
        self.hub.requests.append(Request(path, self.headers["Host"], self.headers["Range"], token))
        parts = path.strip("/").split("/")
        if self.hub.html:
            self._answer(200, b"<html>Please log in to the guest network</html>", {"Content-Type": "text/html"})
        elif parts[0] == "cdn":
            repos = ((repo, path) for repo in self.hub.repos.values() for path in repo.files if repo.is_large(path))
            self._large(*next((repo, path) for repo, path in repos if repo.digest(path) == parts[1]))
        elif parts == ["api", "models"]:
            self._search()
        elif parts[:2] == ["api", "models"]:
            self._info("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main", token)
        else:
            self._file("/".join(parts[:2]), parts[3], "/".join(parts[4:]), token)

    def _search(self) -> None:
        query = parse_qs(urlparse(self.path).query)
        self.hub.queries.append(query)
        if self.hub.statuses:
            self._answer(self.hub.statuses.pop(0), b"", {})
            return
        found = self.hub.listing[: int(query["limit"][0])]
        self._answer(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _repo(self, name: str, revision: str, token: str | None) -> Repo | None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.token and not repo.gated and token is None):
            self._answer(401, b"", {"X-Error-Code": "RepoNotFound"})
        elif repo.token and token is not None and token != repo.token:
            self._answer(401, b"", {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif revision not in (repo.commit, repo.tag, "main"):
            self._answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        else:
            return repo
        return None

    def _info(self, name: str, revision: str, token: str | None) -> None:
        if repo := self._repo(name, revision, token):
            siblings = [repo.sibling(path) for path in repo.files]
            body = {"id": name, "sha": repo.commit, "private": False, "siblings": siblings, **repo.details}
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
            digest = repo.digest(path)
            port = urlparse(self.hub.url).port
            headers = {
                "Location": f"http://localhost:{port}/cdn/{digest}",
                "X-Repo-Commit": repo.commit,
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(len(repo.files[path])),
            }
            self._answer(302, b"", headers)
        else:
            content = repo.files[path]
            self._answer(200, content, {"X-Repo-Commit": repo.commit, "ETag": f'"{_blob(content)}"'})

    def _large(self, repo: Repo, path: str) -> None:
        if self.hub.statuses:
            self._answer(self.hub.statuses.pop(0), b"", {})
            return
        content = bytes(len(repo.files[path])) if self.hub.damaged else repo.files[path]
        start = int((self.headers["Range"] or "bytes=0-")[len("bytes=") : -1]) if self.hub.ranges else 0
        body = memoryview(content)[start:]
        headers = {"Content-Length": str(len(body)), "ETag": f'"{repo.digest(path)}"'}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if self.hub.cuts:
            body = body[: self.hub.cuts.pop(0)]
            self.close_connection = True
        self._answer(206 if start else 200, b"", headers)
        if self.command != "HEAD":
            self._send(body)

    def _send(self, body: memoryview) -> None:
        """Send a large file as fast as it may, and count what went."""
        hub, began = self.hub, time.monotonic()
        with hub.transfer() as number:
            for at in range(0, len(body), _PIECE):
                if hub.hold_after is not None and at >= hub.hold_after:
                    hub.go_on.wait()
                piece = body[at : at + _PIECE]
                self.wfile.write(piece)
                hub.sent[number] += len(piece)
                if hub.rate:
                    time.sleep(max(0.0, (at + len(piece)) / hub.rate - (time.monotonic() - began)))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _blob(content: bytes) -> str:
    """A file's id in git."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
