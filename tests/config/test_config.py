"""Where settings come from, and what is said about wrong ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.config import (
    SHIPPED_CONFIG,
    SHIPPED_MODELS,
    Config,
    keys,
    load_config,
    render_config,
    render_table,
)
from wyoming_openspeakers.errors import ConfigError

ROOT = Path(__file__).parents[2]


def complaint(
    path: Path | None = None, environment: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> str:
    """What is said about a wrong setting: always one line."""
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment, flags)
    text = str(caught.value)
    assert "\n" not in text
    assert "Error" not in text and "Config" not in text.replace("config.yaml", "")
    assert caught.value.exit_code == 2
    return text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def test_file_over_shipped_environment_over_file_flags_over_all(file: Path) -> None:
    file.write_text("audio: {lead_silence: 1, tail_silence: 1, sentence_pause: 1}")
    environment = {"OPENSPEAKERS__AUDIO__TAIL_SILENCE": "2", "OPENSPEAKERS__AUDIO__SENTENCE_PAUSE": "2"}
    audio = load_config(file, environment, {"audio.sentence_pause": 3}).audio
    assert (audio.fill_gaps, audio.lead_silence, audio.tail_silence, audio.sentence_pause) == (2, 1, 2, 3)


def test_mappings_of_all_layers_are_joined(file: Path) -> None:
    file.write_text("voice: {by_language: {de: a/b, fr: c/d}}")
    config = load_config(file, {"OPENSPEAKERS__VOICE__BY_LANGUAGE": "{fr: e/f}"})
    assert config.voice.by_language == {"de": "a/b", "fr": "e/f"}


def test_lists_are_replaced(file: Path) -> None:
    file.write_text("wyoming: {uris: ['tcp://127.0.0.1:1', 'unix:///run/x']}")
    assert load_config(file, flags={"wyoming.uris": ["tcp://[::]:2"]}).wyoming.uris == ("tcp://[::]:2",)


@pytest.mark.parametrize("text", ["", "# nothing\n", "audio:\n#  trim: false\n", "voice: {by_language: }"])
def test_an_empty_file_or_heading_changes_nothing(file: Path, text: str) -> None:
    file.write_text(text)
    assert load_config(file) == load_config() == Config()


def test_null_where_it_means_something() -> None:
    assert load_config(environment={"OPENSPEAKERS__AUDIO__LOUDNESS": "null"}).audio.loudness is None


@pytest.mark.parametrize("text", ["on", "12", "1:30", "null", "[x", "", "a: b", "2024-01-02", " x "])
def test_text_in_the_environment_is_taken_as_it_is(text: str) -> None:
    assert load_config(environment={"OPENSPEAKERS__WYOMING__NAME": text}).wyoming.name == text


def test_lists_and_switches_in_the_environment() -> None:
    config = load_config(
        environment={
            "OPENSPEAKERS__WYOMING__URIS": "[unix:///run/a, 'tcp://[::1]:5']",
            "OPENSPEAKERS__TEXT__EMOJI": "off",
            "OPENSPEAKERS__LOG_LEVEL": "debug",
            "OTHER__TEXT__EMOJI": "nonsense",
        }
    )
    assert (config.wyoming.uris, config.text.emoji, config.log_level) == (
        ("unix:///run/a", "tcp://[::1]:5"),
        False,
        "debug",
    )


WRONG: list[tuple[str, Any, str]] = [
    ("nonsense", 1, "unknown key nonsense; known keys: data_dir, log_level, wyoming,"),
    ("audio.lead_silense", 1, "unknown key audio.lead_silense; did you mean lead_silence?"),
    ("audio.lead_silence", -1, "audio.lead_silence: should be greater than or equal to 0, not -1"),
    ("audio.lead_silence", "long", "audio.lead_silence: should be a valid number"),
    ("audio.output_rate", 5, "audio.output_rate: must be from 8000 to 192000, or 0"),
    ("audio.output_rate", -22050, "audio.output_rate: must be from 8000 to 192000, or 0"),
    ("audio", 7, "audio: must hold keys and values, not 7"),
    ("log_level", "loud", "log_level: should be 'debug', 'info', 'warning' or 'error', not 'loud'"),
    ("wyoming.uris", [], "wyoming.uris: "),
    ("wyoming.uris", "tcp://0.0.0.0:1", "wyoming.uris: must be a list, such as [a, b], not 'tcp://0.0.0.0:1'"),
    ("wyoming.uris", ["http://x:1"], "wyoming.uris.0: must look like tcp://0.0.0.0:10200"),
    ("wyoming.uris", ["tcp://x"], "wyoming.uris.0: must look like"),
    ("wyoming.uris", ["tcp://x:99999"], "wyoming.uris.0: must look like"),
    ("wyoming.uris", ["tcp://[::1:5"], "wyoming.uris.0: must look like"),
    ("wyoming.uris", ["unix://"], "wyoming.uris.0: must look like"),
    ("wyoming.allow", ["192.168.1.0/40"], "wyoming.allow.0: must be an address or a network such as"),
    ("wyoming.max_connections", 0, "wyoming.max_connections: should be greater than or equal to 1, not 0"),
    ("http.address", "8080", "http.address: must look like 127.0.0.1:8080, or be empty"),
    ("http.address", "x:²", "http.address: must look like 127.0.0.1:8080, or be empty"),
    ("http.address", "x:70000", "http.address: must look like 127.0.0.1:8080, or be empty"),
    ("voice.speed", 9, "voice.speed: should be less than or equal to 4, not 9"),
    ("voice.by_language", {"de": 3}, "voice.by_language.de: should be a valid string, not 3"),
    ("voice.by_language", {False: "x"}, "voice.by_language: the key False is not text; put it in quotes"),
    ("text.numbers", "perhaps", "text.numbers: should be a valid boolean"),
    ("limits.cancel", 0, "limits.cancel: should be greater than 0, not 0"),
    ("limits.queue", 1.5, "limits.queue: should be a valid integer"),
    ("text.pronounce", {"en": {"a": "x " * 1000, "b": 1}}, "text.pronounce.en.b: should be a valid string, not 1"),
    ("audio", ["x"] * 1000, "audio: must hold keys and values, not ['x', "),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG)
def test_a_wrong_setting_is_one_line_that_names_its_source(file: Path, key: str, value: Any, words: str) -> None:
    tree = value
    for part in reversed(key.split(".")):
        tree = {part: tree}
    file.write_text(yaml.safe_dump(tree, allow_unicode=True))
    in_file = complaint(file)
    assert in_file.startswith(f"{file}: {words}") and len(in_file) < len(str(file)) + 300
    assert complaint(flags={key: value}).startswith(f"command line: {words}")


def test_a_wrong_variable_is_named() -> None:
    text = complaint(environment={"OPENSPEAKERS__AUDIO__LEAD_SILENCE": "long"})
    assert text.startswith("OPENSPEAKERS__AUDIO__LEAD_SILENCE: audio.lead_silence: should be a valid number")
    text = complaint(environment={"OPENSPEAKERS__LIMIT__QUEUE": "5"})
    assert text == "OPENSPEAKERS__LIMIT__QUEUE: unknown key limit; did you mean limits?"
    assert complaint(environment={"OPENSPEAKERS__": "5"}).startswith("OPENSPEAKERS__: unknown key")
    assert "trim" in complaint(environment={"OPENSPEAKERS__AUDIO__TRIM__MORE": "5"})


def test_the_layer_that_is_wrong_is_blamed(file: Path) -> None:
    file.write_text("limits: {queue: 5}")
    assert complaint(file, {"OPENSPEAKERS__LIMITS__QUEUE": "0"}).startswith("OPENSPEAKERS__LIMITS__QUEUE: limits.queue")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"audio:\n  trim: [\n", "line 3: not valid YAML"),
        (b"audio:\n\ttrim: no\n", "line 2: not valid YAML"),
        (b"a: !!python/object:os.system x\n", "line 1: not valid YAML"),
        (b"{[1]: 2}", "line 1: not valid YAML"),
        (b"audio: \x00", "not valid YAML: unacceptable character"),
        (b"audio: 2024-13-45", "not valid YAML: month must be in 1..12"),
        (b"\xff\xfe\xff", "not a UTF-8 text file"),
        (b"- a\n- b\n", "must hold keys and values, not a list"),
    ],
)
def test_a_file_that_cannot_be_read_as_settings(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    text = complaint(file)
    assert text.startswith(f"{file}: ") and words in text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert complaint(tmp_path / "gone.yaml") == f"{tmp_path / 'gone.yaml'}: No such file or directory"
    assert complaint(tmp_path) == f"{tmp_path}: Is a directory"


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["audio", "uris", "trim", "by_language"]) | st.booleans(), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from([*Config.model_fields, "x"]), _TREES, max_size=2),
    st.dictionaries(st.sampled_from(["AUDIO", "AUDIO__TRIM", "WYOMING__URIS", "VOICE", "X"]), st.text(max_size=6)),
)
def test_whatever_is_given_there_are_settings_or_one_line(flags: dict[str, Any], variables: dict[str, str]) -> None:
    try:
        load_config(None, {f"OPENSPEAKERS__{name}": text for name, text in variables.items()}, flags)
    except ConfigError as error:
        assert "\n" not in str(error) and len(str(error)) < 500


def test_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load_config().data_path == tmp_path / "wyoming-openspeakers"
    assert load_config(flags={"data_dir": "~/x"}).data_path == Path.home() / "x"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert load_config().data_path == Path.home() / ".local/share/wyoming-openspeakers"


# What is shipped


def test_the_shipped_file_is_the_documented_tree() -> None:
    assert (ROOT / "config.yaml").read_text() == render_config()
    assert load_config() == Config()


@pytest.mark.parametrize("path", [SHIPPED_CONFIG, SHIPPED_MODELS])
def test_what_is_shipped_in_the_package_is_what_lies_at_the_top(path: Path) -> None:
    assert path.resolve() == ROOT / path.name
    assert path.is_file()


def test_every_key_is_explained() -> None:
    assert all(field.description and field.description.endswith(".") for _, field in keys())
    assert len(keys()) > 40


def test_the_table_of_settings() -> None:
    readme = (ROOT / "wyoming_openspeakers/config/README.md").read_text()
    found = re.search(r"<!-- config -->\n(.*?)<!-- /config -->", readme, re.DOTALL)
    assert found and found[1].strip() == render_table().strip(), "write render_table() between the marks"


def test_variables_that_users_of_such_services_set_already() -> None:
    config = load_config(
        environment={
            "GPU_DEVICE_ID": "1",
            "MODEL_CACHE_DIR": "/models",
            "AUDIO_OUTPUT_DIR": "/audio",
            "HUGGINGFACE_HUB_TOKEN": "hf_old",
            "HF_TOKEN": "hf_new",
        }
    )
    assert (config.models.gpus, config.models_path, config.audio.output_dir) == ((1,), Path("/models"), "/audio")
    assert config.hub.token.get_secret_value() == "hf_new"
    assert "hf_new" not in repr(config) and "hf_new" not in str(config.model_dump())


def test_several_gpus_and_none() -> None:
    assert load_config(environment={"GPU_DEVICE_ID": "0, 2"}).models.gpus == (0, 2)
    assert load_config(environment={"GPU_DEVICE_ID": "", "HF_TOKEN": ""}).models.gpus == ()


def test_our_own_variables_win_over_those_of_others() -> None:
    environment = {"GPU_DEVICE_ID": "1", "OPENSPEAKERS__MODELS__GPUS": "[2]"}
    assert load_config(environment=environment).models.gpus == (2,)


def test_a_wrong_variable_of_others_is_named() -> None:
    assert complaint(environment={"GPU_DEVICE_ID": "first"}).startswith("GPU_DEVICE_ID: models.gpus")


def test_a_token_in_our_own_variable_is_text() -> None:
    config = load_config(environment={"OPENSPEAKERS__HUB__TOKEN": "12345"})
    assert config.hub.token.get_secret_value() == "12345"
