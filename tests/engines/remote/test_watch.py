"""What is known of a server stays while it is only slow, goes when it is gone, and outlives the process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.remote import watch as module
from wyoming_openspeakers.engines.remote.voices import Listing, RemoteVoice
from wyoming_openspeakers.engines.remote.watch import Watch

LISTING = Listing((RemoteVoice("nova", ("en-US", "de"), "Nova", "female", ("a",), "m"),), "m")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Server:
    """Has a list or fails, and counts how often it was asked."""

    def __init__(self) -> None:
        self.works = True
        self.asked = 0

    def __call__(self) -> Listing:
        self.asked += 1
        if self.works:
            return LISTING
        raise EngineError("it is gone")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_EVERY", 0.05)
    monkeypatch.setattr(module, "ASK_AGAIN", 0.05)
    monkeypatch.setattr(module, "SOON", 0.05)


def test_a_list_comes_soon_and_outlives_the_process(tmp_path: Path) -> None:
    server, file = Server(), tmp_path / "cache" / "remote.json"
    watch = Watch("it", "1", file)
    assert watch.look(server).problem
    until(lambda: watch.look(server).listing == LISTING)
    until(file.exists)
    gone = Server()
    gone.works = False
    assert Watch("it", "1", file).look(gone).listing == LISTING
    assert Watch("it", "2", file).look(gone).listing is None
    server.works = False
    until(lambda: watch.look(server).problem)
    file.write_text("[broken")
    assert Watch("it", "1", file).look(gone).listing is None


def test_one_failure_is_chance_and_two_are_not_and_it_comes_back() -> None:
    server = Server()
    watch = Watch("it", "1", None)
    until(lambda: watch.look(server).listing)
    server.works, server.asked = False, 0
    until(lambda: server.asked == 1)
    assert watch.look(server).listing
    until(lambda: watch.look(server).problem == "it is gone")
    assert server.asked >= 2
    server.works = True
    until(lambda: watch.look(server).listing)


@pytest.mark.slow
def test_nobody_is_asked_when_nobody_wants_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG", 0.2)
    server = Server()
    watch = Watch("it", "1", None)
    until(lambda: watch.look(server).listing)
    until(lambda: not watch._is_running)
    asked = server.asked
    time.sleep(0.15)
    assert server.asked == asked
    watch.look(server)
    until(lambda: server.asked > asked)
