"""Every engine does what the conformance kit demands: an engine joins with a line in the list of subjects."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from assets import PIPER_VOICE, Loaded, asset

from wyoming_openspeakers.conformance.bench import Bench
from wyoming_openspeakers.conformance.check import Check
from wyoming_openspeakers.conformance.checks import CHECKS
from wyoming_openspeakers.conformance.outcome import Verdict
from wyoming_openspeakers.conformance.subject import Subject
from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, engine_class

TESTS = Path(__file__).parents[1]

FAMILIES = ("vits", "speecht5", "fastspeech2", "bark", "seamless", "csm")
"""Of the engine transformers, on tiny checkpoints."""


def hibari(folder: Path) -> ModelSpec:
    return ModelSpec("hibari", "hibari", voice="heart")


def kokoro(folder: Path) -> ModelSpec:
    asset("kokoro/onnx")
    return ModelSpec("kokoro", "kokoro", (str(asset("kokoro")),), "af_heart")


def piper(folder: Path) -> ModelSpec:
    pytest.importorskip("piper", reason="the extra [piper] is not installed")
    return ModelSpec("piper", "piper", (str(asset("piper")),), PIPER_VOICE, cache_path=str(folder))


def family(name: str) -> Callable[[Path], ModelSpec]:
    """A tiny checkpoint of a family."""

    def make(folder: Path) -> ModelSpec:
        pytest.importorskip("torch", reason="torch is not installed: pip install torch")
        pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
        tiny_models: Any = importlib.import_module("tiny_models")
        # The real one downloads dictionaries when it is imported.
        (folder / "g2p_en.py").write_text("class G2p:\n    def __call__(self, text):\n        return list(text)\n")
        getattr(tiny_models, name)(folder / "model")
        return ModelSpec(name, "transformers", (str(folder / "model"),))

    return make


def fault(name: str) -> Callable[[Path], ModelSpec]:
    """The engines that tests of faults have."""
    return lambda folder: ModelSpec(name, f"faults.{name}", voice="plain")


SUBJECTS: dict[str, Callable[[Path], ModelSpec]] = {
    "hibari": hibari,
    "kokoro": kokoro,
    "piper": piper,
    **{name: family(name) for name in FAMILIES},
    "engine": fault("engine"),
    "mimic": fault("mimic"),
}

FAST = ("hibari", "engine")

_ANYTHING = "the engine for faults takes anything: it is for what goes wrong"

KNOWN: dict[tuple[str, str], str] = {
    ("piper", "damaged file"): "it says that the model cannot be loaded, and not which file",
    ("csm", "damaged file"): "the error of safetensors comes through, and not which file",
    ("csm", "missing file"): "without tokenizer.json the library's own error comes through",
    ("vits", "missing file"): "without tokenizer_config.json it speaks of espeak, not of the file",
    **{
        (name, check): _ANYTHING
        for name in ("engine", "mimic")
        for check in ("declaration", "device", "empty text", "unknown voice", "speed")
    },
}
"""What an engine does not do yet, and why: taken off the list when it does."""


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Bench]:
    """A subject on its bench."""
    spec = SUBJECTS[name](folder)
    places = os.pathsep.join([str(folder), str(TESTS), str(TESTS.parent)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", places)
        # The engine for SpeechT5's siblings asks in this process whether a package is there.
        patch.syspath_prepend(str(folder))
        with Bench(Subject(spec, variables={"PYTHONPATH": places})) as bench:
            yield bench
    sys.modules.pop("g2p_en", None)


@pytest.fixture(scope="module")
def bench_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Bench]]:
    """Each subject's bench, as long as its checks follow each other: only one model is loaded at a time."""
    kept: dict[str, Bench] = {}
    with ExitStack() as stack:

        def get(name: str) -> Bench:
            if name not in kept:
                kept.clear()
                stack.close()
                kept[name] = stack.enter_context(opened(name, tmp_path_factory.mktemp(name)))
            return kept[name]

        yield get


def _cases() -> Iterator[Any]:
    for name in SUBJECTS:
        for check in CHECKS:
            is_slow = name not in FAST or check.name == "memory"
            marks = (pytest.mark.slow,) if is_slow else ()
            yield pytest.param(name, check, id=f"{name}-{check.name}", marks=marks)


@pytest.mark.parametrize(("name", "check"), list(_cases()))
def test_every_engine_does_what_is_demanded(bench_of: Callable[[str], Bench], name: str, check: Check) -> None:
    bench, known = bench_of(name), KNOWN.get((name, check.name))
    outcome = bench.run(check)
    if outcome.verdict is Verdict.SKIPPED:
        pytest.skip(outcome.reason)
    if outcome.verdict is Verdict.FAILED and known:
        pytest.xfail(known)
    assert outcome.verdict is Verdict.PASSED, outcome.reason
    assert not known or name == "mimic", f"it passes now; take it off the list: {known}"


@pytest.fixture(params=["hibari", *(pytest.param(name, marks=pytest.mark.slow) for name in ("piper", "kokoro"))])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    engine: Loaded = request.getfixturevalue(request.param)
    return engine


def test_a_generator_may_move_between_threads(loaded: Loaded) -> None:
    chunks = loaded.engine.stream(EngineRequest("Hello. Good morning.", loaded.voice))
    total = 0
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for pool in (one, other) * 10:
            chunk = pool.submit(next, chunks, None).result()
            if chunk is None:
                break
            total += chunk.samples.size
    assert total > 4_000


@pytest.mark.parametrize("name", ["piper", "kokoro", "transformers"])
def test_without_files_there_are_no_voices_and_it_says_why(name: str, tmp_path: Path) -> None:
    engine = engine_class(name)
    spec = ModelSpec(name, name, (str(tmp_path), str(tmp_path / "nowhere")))
    assert engine.voices(spec) == []
    assert str(tmp_path) in (engine.problem(spec) or "") or "pip install" in (engine.problem(spec) or "")
    with pytest.raises(EngineError):
        engine().load(spec, "cpu")
