"""The add-on's options: read as the Supervisor writes them, and what is wrong is told by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.cli.addon.options import AddonOptions, read_options
from wyoming_openspeakers.errors import ConfigError


def written(folder: Path, options: object) -> Path:
    path = folder / "options.json"
    path.write_text(options if isinstance(options, str) else json.dumps(options))
    return path


def test_the_defaults_of_the_folder_are_those_of_the_program(tmp_path: Path, manifest: dict[str, Any]) -> None:
    assert read_options(written(tmp_path, manifest["options"])) == AddonOptions()


def test_everything_that_can_be_set(tmp_path: Path) -> None:
    options = read_options(
        written(
            tmp_path,
            {
                "voice": "gpu/coral",
                "speed": 0.9,
                "languages": ["en", "de"],
                "models": ["kokoro"],
                "remotes": [{"name": "gpu", "url": "http://10.0.0.2:8091/v1", "api_key": "s", "voices": ["coral"]}],
                "mqtt": False,
                "api_key": "k",
                "hub_token": "t",
                "log_level": "debug",
            },
        )
    )
    assert (options.voice, options.speed, options.languages, options.mqtt) == ("gpu/coral", 0.9, ("en", "de"), False)
    assert options.remotes[0].api_key.get_secret_value() == "s" and not options.remotes[0].is_wyoming
    assert "'s'" not in repr(options)


def test_what_was_left_empty_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    assert read_options(written(tmp_path, {"voice": None, "speed": None, "models": []})) == AddonOptions()


WRONG: list[tuple[object, str]] = [
    ({"speed": 9}, "Option speed: should be less than or equal to 4, not 9"),
    ({"log_level": "loud"}, "Option log_level: should be 'debug', 'info', 'warning' or 'error', not 'loud'"),
    ({"voise": "x"}, "Option unknown key voise; did you mean voice?"),
    ({"remotes": [{"name": "gpu"}]}, "Option remotes.0.url is missing"),
    ({"remotes": [{"name": "My GPU", "url": "tcp://a:1"}]}, "Option remotes.0.name: "),
    ({"remotes": [{"name": "gpu", "url": "gpu.local"}]}, "Option remotes.0.url: "),
    ({"remotes": [{"name": "gpu", "url": "tcp://a:1", "model": "m"}]}, "Option remotes.0.model: is for OpenAI's"),
    ({"remotes": [{"name": "gpu", "url": "tcp://a:1", "api_key": "m"}]}, "Option remotes.0.api_key: is for OpenAI's"),
    ({"remotes": [{"name": "a", "url": "tcp://a:1"}] * 2}, "Option remotes.1.name: a is there twice"),
    ("{", "not valid JSON"),
    ([], "must hold the add-on's options"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_what_is_wrong_is_one_line_that_names_it(tmp_path: Path, given: object, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_options(written(tmp_path, given))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_options(tmp_path / "options.json")


def test_a_wrong_secret_is_not_written_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_options(written(tmp_path, {"remotes": [{"name": "gpu", "url": "tcp://a:1", "api_key": "sesame"}]}))
    assert "sesame" not in str(error.value)
