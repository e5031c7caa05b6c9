"""The catalog of voices follows what changes, and everyone is told of it once, when it is true already."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from managed import until

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.events import DownloadChanged, Event, EventBus, VoicesChanged
from wyoming_openspeakers.models import current_voices
from wyoming_openspeakers.models.current_voices import CurrentVoices
from wyoming_openspeakers.models.defaults import Defaults
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.registry import Registry, RegistryFile
from wyoming_openspeakers.models.voices import VoiceCatalog

FAULT = {"engine": "faults.engine", "voice": "plain"}
HERE = DownloadChanged("fault", "complete")


class House:
    """A registry whose one model finds its voices in a file, and what is told of them."""

    def __init__(self, data: Path) -> None:
        registry = Registry(RegistryFile.model_validate({"models": {"fault": FAULT}}), [data], data)
        self.bus = EventBus()
        self.profiles: list[Profile] = []
        self.defaults = Defaults(load_config(flags={"data_dir": str(data)}), self.bus)
        self.voices = CurrentVoices(registry, self.defaults, {}, lambda: tuple(self.profiles), self.bus)
        self.told: list[list[str]] = []
        """The names that the catalog had, each time that voices were said to have changed."""

        self.bus.subscribe(self._see)
        self._file = data / "fault" / "voices.txt"
        self._file.parent.mkdir()

    def _see(self, event: Event) -> None:
        if isinstance(event, VoicesChanged):
            self.told.append(sorted(self.voices.catalog.voices))

    def have(self, *names: str) -> None:
        """Have files of these voices, besides the one that is always there."""
        self._file.write_text(" ".join(names))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[], threading.Event]:
    """Have looks wait for a word."""

    def hold() -> threading.Event:
        go = threading.Event()
        real = VoiceCatalog

        def slow(*arguments: Any) -> Any:
            made = real(*arguments)
            assert go.wait(10)
            return made

        monkeypatch.setattr(current_voices, "VoiceCatalog", slow)
        return go

    return hold


async def quiet(house: House) -> None:
    """Until nothing goes on any more."""
    await house.voices.stop()
    await asyncio.sleep(0)


async def test_what_a_download_brings_is_told_once_and_is_there(house: House) -> None:
    house.have("anna", "bert")
    house.bus.publish(HERE)
    await until(lambda: bool(house.told))
    await house.voices.get()
    await house.voices.renew()
    assert house.told == [["fault/anna", "fault/bert", "fault/plain"]]


async def test_who_asks_after_a_download_gets_what_it_brought(
    house: House, held: Callable[[], threading.Event]
) -> None:
    go = held()
    house.have("anna")
    house.bus.publish(HERE)
    asking = asyncio.create_task(house.voices.get())
    await asyncio.sleep(0.1)
    assert not asking.done(), "that is more than the patience of others"
    go.set()
    assert (await asking).find("fault/anna")


async def test_a_download_that_changes_no_voice_is_not_told(house: House) -> None:
    house.bus.publish(HERE)
    await quiet(house)
    assert house.told == []


async def test_what_goes_is_told_once(house: House) -> None:
    house.have("anna")
    await house.voices.renew()
    house.have()
    house.voices.see_removal()
    await house.voices.renew()
    assert house.told == [["fault/anna", "fault/plain"], ["fault/plain"]]


async def test_files_that_were_no_voice_yet_are_told_when_they_go(house: House) -> None:
    house.voices.see_removal()
    await quiet(house)
    await house.voices.renew()
    assert house.told == [["fault/plain"]]


async def test_a_look_from_before_a_removal_does_not_count(house: House, held: Callable[[], threading.Event]) -> None:
    house.have("anna")
    await house.voices.renew()
    go = held()
    house.bus.publish(HERE)
    await asyncio.sleep(0.05)
    house.have()
    house.voices.see_removal()
    go.set()
    await quiet(house)
    assert house.told[1:] == [["fault/plain"]]


async def test_what_is_put_there_by_hand_is_told_when_somebody_looks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.voices.get(patience=5)
    house.have("anna")
    assert house.told == []
    monkeypatch.setattr(current_voices, "_AGE", 0.0)
    monkeypatch.setattr(current_voices, "_OLDEST", 0.0)
    assert (await house.voices.get(patience=5)).find("anna")
    assert house.told == [["fault/anna", "fault/plain"]]


async def test_where_a_look_takes_long_the_next_comes_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_voices, "_AGE", 0.0)
    for most, is_seen in ((1e-9, False), (1e9, True)):
        monkeypatch.setattr(current_voices, "_MOST_LOOKING", most)
        monkeypatch.setattr(current_voices, "_OLDEST", 3600.0)
        await house.voices.renew()
        house.have(f"anna{most}")
        assert bool((await house.voices.get(patience=5)).find(f"anna{most}")) == is_seen
    monkeypatch.setattr(current_voices, "_MOST_LOOKING", 1e-9)
    await house.voices.renew()
    house.have("ben")
    monkeypatch.setattr(current_voices, "_OLDEST", 0.0)
    assert (await house.voices.get(patience=5)).find("ben"), "there is an end to that"


async def test_what_users_make_is_there_at_once_and_not_told_again(house: House) -> None:
    house.profiles.append(Profile("p1", "Bedtime", "preset", "fault", voice="fault/plain"))
    house.bus.publish(VoicesChanged("p1"))
    assert (await house.voices.get()).find("Bedtime")
    assert house.told == [["fault/plain"]], "only by who made it"


async def test_another_default_voice_holds_at_once(house: House, tmp_path: Path) -> None:
    house.have("anna")
    await house.voices.renew()
    house.defaults.choose_voice("fault/anna")
    assert (await house.voices.get()).default().installed.name == "fault/anna"
    assert len(house.told) == 1, "the voices are the same as before"


async def test_many_who_renew_at_once_share_their_looks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    real = VoiceCatalog

    def counted(*arguments: Any) -> Any:
        looks.append(1)
        return real(*arguments)

    monkeypatch.setattr(current_voices, "VoiceCatalog", counted)
    house.have("anna")
    found = await asyncio.gather(*(house.voices.renew() for _ in range(20)))
    assert all(catalog.find("anna") for catalog in found) and len(looks) <= 2
