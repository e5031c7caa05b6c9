"""Which models there are: the shipped list under the user's own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from wyoming_openspeakers.config import SHIPPED_MODELS
from wyoming_openspeakers.errors import ConfigError, UnknownModel
from wyoming_openspeakers.models.registry import SERVICE, HubFiles, Registry, RegistryFile, load_registry_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def complaint(path: Path) -> str:
    """What is said about a wrong file: always one line."""
    with pytest.raises(ConfigError) as caught:
        load_registry_file(path)
    text = str(caught.value)
    assert "\n" not in text and text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_the_shipped_models() -> None:
    models = load_registry_file(None).models
    assert {"hibari", "kokoro", "piper"} <= set(models)
    for name, entry in models.items():
        assert entry.name and entry.description and entry.licence and entry.url.startswith("https://"), name
        if entry.hub:
            for hub in (entry.hub, *entry.hub.parts.values()):
                assert re.fullmatch("[0-9a-f]{40}|main", hub.revision), f"{name} must be pinned, or say that it is not"
                assert not hub.is_by_voice or hub.revision != "main", name
            # Of Piper each voice is fetched by itself, and Pocket-TTS has a folder for each language.
            assert entry.size or entry.hub.is_by_voice, f"{name} must say what its download weighs"
            assert entry.gated is not None, f"{name} must say whether its files want an account"
            assert entry.languages or name in ("piper", "pocket"), f"{name} must say what it speaks before it is here"
    # What comes with the package is ready when the service is; nothing that must be downloaded is.
    assert [name for name, entry in models.items() if entry.standby] == ["hibari"]
    assert next(iter(models)) == "hibari"


def test_an_entry_changes_only_the_keys_that_it_names(file: Path) -> None:
    file.write_text("models: {kokoro: {voice: bf_emma, parameters: {a: 1}}}")
    before, after = load_registry_file(None).models, load_registry_file(file).models
    assert after["kokoro"] == before["kokoro"].model_copy(update={"voice": "bf_emma", "parameters": {"a": 1}})
    assert {**after, "kokoro": None} == {**before, "kokoro": None}


def test_new_models_and_aliases(file: Path) -> None:
    file.write_text("models: {mine: {engine: faults.engine}}\naliases: {alloy: mine/plain, Nova: [a/b, default]}")
    registry = Registry(load_registry_file(file), [Path("/models")], Path("/cache"))
    assert registry.engine("mine").__name__ == "FaultEngine"
    assert registry.aliases["alloy"] == ("mine/plain",) and registry.aliases["nova"] == ("a/b", "default")


def test_a_disabled_model_is_gone(file: Path) -> None:
    file.write_text("models: {kokoro: {enabled: false}}")
    registry = Registry(load_registry_file(file), [Path("/models")], Path("/cache"))
    assert "kokoro" not in registry.models
    for ask in (registry.entry, registry.engine, registry.spec, registry.folder):
        with pytest.raises(UnknownModel, match="no model 'kokoro'; models: hibari, kokoro-gpu, piper"):
            ask("kokoro")


@pytest.mark.parametrize("text", ["", "models:\n", "models:\n# all of it\naliases:\n"])
def test_empty_headings_change_nothing(file: Path, text: str) -> None:
    file.write_text(text)
    assert load_registry_file(file) == load_registry_file(None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modles: {}", "unknown key modles; did you mean models?"),
        ("models: [a]", "models: must hold keys and values, not ['a']"),
        ("models: {kokoro: 5}", "models.kokoro: must hold keys and values, not 5"),
        ("models: {kokoro: }", "models.kokoro: must hold keys and values, not None"),
        ("models: {mine: {voice: x}}", "models.mine.engine is missing"),
        ("models: {kokoro: {voise: x}}", "unknown key models.kokoro.voise; did you mean voice?"),
        ("models: {kokoro: {threads: -1}}", "models.kokoro.threads: should be greater than or equal to 0, not -1"),
        ("models: {kokoro: {hub: {repo: nonsense, revision: x}}}", "models.kokoro.hub.repo: "),
        ("models: {kokoro: {hub: {repo: a/b}}}", "models.kokoro.hub.revision is missing"),
        ("models: {kokoro: {hub: {repo: a/b, revision: x, flies: []}}}", "kokoro.hub.flies; did you mean files?"),
        ("models: {1: {engine: hibari}}", "models: the key 1 is not text; put it in quotes"),
        ("aliases: {alloy: 5}", "aliases.alloy: should be the name of a voice, or a list of names, not 5"),
        ("models: {mine: {engine: nonsense}}", "models.mine.engine: there is no engine 'nonsense'"),
        ("models: {mine: {engine: ''}}", "models.mine.engine: there is no engine ''"),
        ("models: {mine: {engine: ..}}", "models.mine.engine: there is no engine '..'"),
        ("models: {mine: {engine: base}}", "models.mine.engine: there is no engine 'base'"),
        ("models: {mine: {engine: gone.engine}}", "models.mine.engine: there is no engine 'gone.engine'"),
        ("models: [", "line 1: not valid YAML"),
    ],
)
def test_a_wrong_file_is_one_line(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    assert words in complaint(file)


def test_an_engine_of_ones_own_that_does_not_even_import(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_broken").mkdir()
    (tmp_path / "own_broken" / "engine.py").write_text("1 +\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    file.write_text("models: {mine: {engine: own_broken.engine}}")
    assert "models.mine.engine: there is no engine 'own_broken.engine' (invalid syntax" in complaint(file)


def test_a_model_as_its_engine_sees_it() -> None:
    model = {"engine": "hibari", "voice": "x", "threads": 3, "languages": ["en"], "parameters": {"p": 1}}
    file = RegistryFile.model_validate({"models": {"a": model, "b": {"engine": "hibari"}}})
    registry = Registry(file, [Path("/data"), Path("/more")], Path("/cache"), threads=2)
    spec = registry.spec("a")
    assert (spec.id, spec.engine, spec.voice, spec.threads, spec.languages) == ("a", "hibari", "x", 3, ("en",))
    assert (spec.paths, spec.cache_path, spec.parameters) == (("/data/a", "/more/a"), "/cache/a", {"p": 1})
    assert (registry.spec("b").threads, registry.spec("b").voice) == (2, None)
    assert registry.folder("a") == Path("/data/a")


# Files to fetch


def test_patterns_of_a_voice() -> None:
    hub = load_registry_file(None).models["piper"].hub
    assert hub is not None
    assert hub.patterns("en_US-lessac-medium") == (
        "en/en_US/lessac/medium/en_US-lessac-medium.onnx",
        "en/en_US/lessac/medium/en_US-lessac-medium.onnx.json",
    )


@pytest.mark.parametrize("voice", ["", "lessac", "en_US-lessac", "en_US--medium", "a-b-c-d"])
def test_a_name_that_is_no_voice(voice: str) -> None:
    hub = load_registry_file(None).models["piper"].hub
    assert hub is not None
    with pytest.raises(ValueError, match="name a voice, such as en_US-lessac-medium"):
        hub.patterns(voice)


def test_patterns_of_a_whole_model() -> None:
    hub = HubFiles(repo="a/b", revision="c", files=("config.json", "voices/*.bin"))
    assert hub.patterns() == hub.patterns("whatever") == ("config.json", "voices/*.bin")


def test_a_pattern_with_an_unknown_part_is_refused_at_the_start(file: Path) -> None:
    file.write_text("models: {kokoro: {hub: {repo: a/b, revision: c, files: ['{famly}/{voice}.onnx']}}}")
    assert "models.kokoro.hub.files" in (text := complaint(file)) and "{family}" in text


def test_the_shipped_file_says_what_it_is_for() -> None:
    assert SHIPPED_MODELS.read_text().startswith("# ")


def test_kokoro_for_a_gpu_runs_in_the_service_where_that_has_torch(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
    registry = Registry(load_registry_file(None), [tmp_path], tmp_path / "cache")
    assert registry.environment("kokoro-gpu") == "torch"
    (tmp_path / "kokoro-gpu").mkdir()
    (tmp_path / "kokoro-gpu" / "kokoro-v1_0.pth").touch()
    (tmp_path / "kokoro-gpu" / "config.json").write_text("{}")
    assert registry.environment("kokoro-gpu") == SERVICE


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ("level: loud", "parameters.level should be a number; mend its entry in the list of models"),
        ("levle: 1", "There is no parameter 'levle'; did you mean level? Mend its entry in the list of models"),
        ("level: 1, journal: /tmp/x", None),
    ],
)
def test_a_wrong_default_of_a_parameter_is_the_models_problem(file: Path, parameters: str, problem: str | None) -> None:
    file.write_text(f"models: {{mine: {{engine: faults.engine, parameters: {{{parameters}}}}}}}")
    assert Registry(load_registry_file(file), [Path("/models")], Path("/cache")).problem("mine") == problem


def test_a_model_that_can_be_used_is_asked_once_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {"models": {"here": {"engine": "faults.engine"}, "away": {"engine": "faults.engine", "environment": "none"}}}
    registry = Registry(RegistryFile.model_validate(tree), [Path("/models")], Path("/cache"))
    asked: list[str] = []
    where = registry.environment

    def noted(model: str) -> str:
        asked.append(model)
        return where(model)

    monkeypatch.setattr(registry, "environment", noted)
    assert registry.usable("here") == registry.spec("here")
    assert registry.usable("away") is None and registry.problem("away")
    assert asked == ["here", "here", "away", "away"]
