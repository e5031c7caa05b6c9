"""What is chosen while the service runs."""

import json
from pathlib import Path

import pytest

from wyoming_openspeakers.config import Config, ModelsConfig, VoiceConfig
from wyoming_openspeakers.errors import InvalidRequest
from wyoming_openspeakers.events import DefaultsChanged, Event, EventBus
from wyoming_openspeakers.models.defaults import Defaults


def defaults(folder: Path, bus: EventBus | None = None, voice: str = "a") -> Defaults:
    config = Config(data_dir=str(folder), voice=VoiceConfig(default=voice, speed=1.5), models=ModelsConfig())
    return Defaults(config, bus or EventBus())


def test_the_configuration_holds_until_something_is_chosen(tmp_path: Path) -> None:
    told: list[Event] = []
    bus = EventBus()
    bus.subscribe(told.append)
    it = defaults(tmp_path, bus)
    assert (it.voice, it.speed, it.keep_alive) == ("a", 1.5, "60s")
    it.choose_voice("b")
    it.choose_speed(0.8)
    it.choose_keep_alive("5m")
    it.choose_speed(0.8)
    assert (it.voice, it.speed, it.keep_alive) == ("b", 0.8, "5m")
    assert told == [DefaultsChanged()] * 3


def test_a_choice_outlives_the_process_and_can_be_taken_back(tmp_path: Path) -> None:
    defaults(tmp_path).choose_voice("b")
    again = defaults(tmp_path)
    assert (again.voice, again.speed) == ("b", 1.5)
    again.choose_voice(None)
    assert defaults(tmp_path).voice == "a"


def test_a_new_configuration_wins_over_an_old_choice(tmp_path: Path) -> None:
    it = defaults(tmp_path)
    it.choose_voice("b")
    it.choose_speed(2)
    changed = defaults(tmp_path, voice="c")
    assert (changed.voice, changed.speed) == ("c", 2)


@pytest.mark.parametrize("speed", [0, 0.2, 5, float("nan")])
def test_a_speed_that_cannot_be(tmp_path: Path, speed: float) -> None:
    it = defaults(tmp_path)
    with pytest.raises(InvalidRequest, match=r"0\.25 to 4"):
        it.choose_speed(speed)
    with pytest.raises(InvalidRequest, match="keep_alive"):
        it.choose_keep_alive("soon")
    assert it.speed == 1.5 and not (tmp_path / "defaults.json").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"voice": 3}', json.dumps({"voice": {"chosen": 1, "instead_of": "a"}})])
def test_a_damaged_file_changes_nothing(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "defaults.json").write_text(content)
    assert defaults(tmp_path).voice == "a"
