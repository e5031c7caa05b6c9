"""Every engine does what the conformance kit demands: an engine joins with a line in the list of subjects."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from assets import Loaded
from engine_subjects import FAST, FOR_FAULTS, NOT_FOR_FAULTS, SUBJECTS, opened

from wyoming_openspeakers.conformance import report
from wyoming_openspeakers.conformance.bench import Bench
from wyoming_openspeakers.conformance.check import Check
from wyoming_openspeakers.conformance.checks import CHECKS
from wyoming_openspeakers.conformance.outcome import Outcome, Verdict
from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, engine_class

TABLE = "OPENSPEAKERS_ENGINE_TABLE"
"""Names a file that the table of engines and checks is written to."""


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, dict[str, Outcome]]]:
    """What was found of each subject."""
    found: dict[str, dict[str, Outcome]] = {name: {} for name in SUBJECTS}
    yield found
    if path := os.environ.get(TABLE):
        real = {name: of for name, of in found.items() if of and name not in FOR_FAULTS}
        Path(path).write_text(report.table(CHECKS, real), "utf-8")


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
            if name in FOR_FAULTS and check.name in NOT_FOR_FAULTS:
                continue
            is_slow = name not in FAST or check.name == "memory"
            marks = (pytest.mark.slow,) if is_slow else ()
            yield pytest.param(name, check, id=f"{name}-{check.name}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "check"), list(_cases()))
def test_every_engine_does_what_is_demanded(
    bench_of: Callable[[str], Bench], outcomes: dict[str, dict[str, Outcome]], name: str, check: Check
) -> None:
    outcome = outcomes[name][check.name] = bench_of(name).run(check)
    if outcome.verdict is Verdict.SKIPPED:
        pytest.skip(outcome.reason)
    assert outcome.verdict is Verdict.PASSED, outcome.reason


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
