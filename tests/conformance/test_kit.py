"""The kit finds what is wrong with an engine, says so in words, and leaves a good one alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conformance import sinner

from wyoming_openspeakers.conformance.bench import Bench
from wyoming_openspeakers.conformance.check import Check
from wyoming_openspeakers.conformance.checks import CHECKS
from wyoming_openspeakers.conformance.checks.files import copied
from wyoming_openspeakers.conformance.outcome import Outcome, Verdict
from wyoming_openspeakers.conformance.report import line, summary, table
from wyoming_openspeakers.conformance.subject import Subject
from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.models.workers.process import WorkerProcess

pytestmark = pytest.mark.slow

BY_NAME = {check.name: check for check in CHECKS}

SINS = {
    "no licence": ("declaration", "licence is empty"),
    "no schema": ("declaration", "pitch has no JSON type"),
    "heavy": ("light", "imports soundfile"),
    "lost without files": ("light", "weights.bin is missing"),
    "twins": ("voices", "the same name"),
    "odd language": ("voices", "en_US"),
    "crash in load": ("load", "its process ended: exit status 3"),
    "any device": ("device", "nothing was refused"),
    "wrong rate": ("sound", "declares 8000 Hz and speaks at 16000"),
    "silent": ("sound", "silence"),
    "not scaled": ("sound", "1 is full scale"),
    "numbers that are none": ("sound", "no numbers"),
    "speaks of nothing": ("empty text", "want none"),
    "any voice": ("unknown voice", "nothing was refused"),
    "nameless": ("unknown voice", "names none of"),
    "wrong code": ("unknown voice", "unknown_voice"),
    "any speaker": ("unknown speaker", "nothing was refused"),
    "refuses its schema": ("bad parameter", "pitch = 0 keeps to its schema"),
    "default outside": ("defaults", "pitch should be less than 3"),
    "other default": ("defaults", "sounds different from not asking"),
    "no seed": ("seed", "never says the same twice, not with a seed either: samples differ by"),
    "a mute voice": ("every voice", "drone/en-US/low gives silence"),
    "a mute language": ("every voice", "hum/de-DE/low gives silence"),
    "a mute speaker": ("every voice", "hum/en-US/high gives silence"),
    "mute clone": ("reference", "the clone gives silence"),
    "deaf to references": ("reference", "the same whomever it is to speak like"),
    "one speed": ("speed", "1.00 times"),
    "shared state": ("stream is whole", "sounds different"),
    "clicks": ("stream is whole", "jumps by"),
    "one chunk": ("first chunk", "one chunk"),
    "late": ("first chunk", "of the work"),
    "crosstalk": ("together", "at once it says something else"),
    "deaf at first": ("cancel at once", "200 ms are allowed"),
    "deaf": ("cancel", "200 ms are allowed"),
    "slow to let go": ("long text", "cut off when the first chunk has come, it goes on for "),
    "crash in long text": ("long text", "its process ended: exit status 3"),
    "mute in long text": ("long text", "it says nothing, and gives no error"),
    "forgets in parking": ("park", "something else"),
    "leak": ("memory", "more of host memory are gone"),
    "hoard": ("memory", "what was unloaded is still there"),
    "blind": ("damaged file", "nobody notices"),
    "crash on damage": ("damaged file", "its process ended: exit status 3"),
    "needs nothing": ("missing file", "loads without any of its files"),
    "raw error": ("missing file", "does not explain: "),
}


def subject(sin: str, folder: Path, patience: float = 1.0) -> Subject:
    folder = sinner.make(folder / "model", of_size=100_000_000 if sin == "hoard" else 0)
    return Subject(ModelSpec(sin, "conformance.sinner", (str(folder),), "hum"), patience=patience)


def outcome_of(check: Check, sin: str, folder: Path, patience: float = 1.0) -> Outcome:
    with Bench(subject(sin, folder, patience)) as bench:
        return bench.run(check)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        tests = Path(__file__).parents[1]
        patch.setenv("PYTHONPATH", os.pathsep.join([str(tests), str(tests.parent)]))
        with Bench(subject("nothing", tmp_path_factory.mktemp("good"))) as bench:
            yield bench


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_good_engine_passes_everything(bench: Bench, check: Check) -> None:
    outcome = bench.run(check)
    assert outcome.verdict is Verdict.PASSED, outcome.reason


@pytest.mark.slow
@pytest.mark.parametrize("sin", SINS)
def test_a_sin_is_found_and_named(sin: str, tmp_path: Path) -> None:
    check, words = SINS[sin]
    outcome = outcome_of(BY_NAME[check], sin, tmp_path)
    assert outcome.verdict is Verdict.FAILED
    assert words in outcome.reason


def test_one_process_serves_all_checks_and_another_where_memory_comes_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    start = WorkerProcess.start

    async def counted(worker: WorkerProcess) -> None:
        started.append(worker)
        await start(worker)

    monkeypatch.setattr(WorkerProcess, "start", counted)
    names = ("load", "memory", "device", "sound", "seed", "damaged file", "missing file", "park", "memory")
    with Bench(subject("nothing", tmp_path)) as bench:
        for count, name in zip((1,) * 8 + (2,), names, strict=True):
            assert bench.run(BY_NAME[name]).verdict is Verdict.PASSED
            assert len(started) == count, name


def test_what_does_not_apply_is_skipped_with_a_reason(tmp_path: Path) -> None:
    outcome = outcome_of(BY_NAME["first chunk"], "whole", tmp_path)
    assert outcome == Outcome(Verdict.SKIPPED, "it declares that it gives a sentence as a whole")


def test_a_limit_of_one_is_enough_when_it_is_declared(tmp_path: Path) -> None:
    outcome = outcome_of(BY_NAME["together"], "one at a time", tmp_path)
    assert outcome == Outcome(Verdict.PASSED, "it declares a limit of one at a time", "1")


def test_who_never_says_the_same_twice_may_say_so_and_cannot_be_compared_then(tmp_path: Path) -> None:
    with Bench(subject("varies", tmp_path)) as bench:
        for name in ("seed", "stream is whole", "together"):
            outcome = bench.run(BY_NAME[name])
            assert outcome.verdict is Verdict.SKIPPED and "never says the same twice" in outcome.reason
        for name in ("defaults", "reference", "cancel", "park"):
            outcome = bench.run(BY_NAME[name])
            assert outcome.verdict is Verdict.PASSED, outcome.reason


def test_a_language_may_have_a_private_part(tmp_path: Path) -> None:
    outcome = outcome_of(BY_NAME["voices"], "private language", tmp_path)
    assert outcome.verdict is Verdict.PASSED, outcome.reason


def test_a_default_voice_that_is_none_is_shown_what_there_is(tmp_path: Path) -> None:
    wrong = subject("nothing", tmp_path)
    with Bench(replace(wrong, spec=replace(wrong.spec, voice="drohne"))) as bench:
        outcome = bench.run(BY_NAME["voices"])
    assert outcome.reason == "its default voice 'drohne' is not among its 2 voices: drone, hum"


def test_an_engine_that_hangs_costs_its_check_and_no_more(tmp_path: Path) -> None:
    with Bench(subject("hang", tmp_path, patience=0.01)) as bench:
        hung = bench.run(BY_NAME["sound"])
        device = bench.run(BY_NAME["device"])
    assert hung.verdict is Verdict.FAILED and ("not done within" in hung.reason or "no audio" in hung.reason)
    assert device.verdict is Verdict.PASSED


def test_what_needs_a_check_that_failed_is_not_run(tmp_path: Path) -> None:
    with Bench(subject("crash in load", tmp_path)) as bench:
        assert bench.run(BY_NAME["load"]).verdict is Verdict.FAILED
        assert bench.run(BY_NAME["sound"]) == Outcome(Verdict.SKIPPED, "`load` has not passed")
        assert bench.run(BY_NAME["cancel"]) == Outcome(Verdict.SKIPPED, "`sound` has not passed")


def test_the_users_own_files_are_as_they_were(tmp_path: Path) -> None:
    before = subject("nothing", tmp_path)
    with Bench(before) as bench:
        assert bench.run(BY_NAME["damaged file"]).verdict is Verdict.PASSED
        assert bench.run(BY_NAME["missing file"]).verdict is Verdict.PASSED
    (folder,) = before.spec.paths
    assert (Path(folder) / "weights.bin").read_bytes() == b"weights" * 100
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["model", "settings.json", "weights.bin"]


def test_a_copy_takes_no_room(tmp_path: Path) -> None:
    spec = subject("nothing", tmp_path).spec
    with copied(spec) as (copy, files):
        assert copy.paths != spec.paths and [file.name for file in files] == ["weights.bin", "settings.json"]
        assert files[0].samefile(Path(spec.paths[0], "weights.bin"))


def test_outcomes_are_read_in_lines_and_in_a_table() -> None:
    good, bad = Outcome(Verdict.PASSED, "it lets go", "8 ms"), Outcome(Verdict.FAILED, "it goes on", "3 s")
    cancel = BY_NAME["cancel"]
    assert line("a", cancel, good) == f"ok   {'a cancel':<34} it lets go [8 ms]"
    assert summary("b", {"cancel": bad}) == "b: 0 passed, 1 failed, 0 do not apply; failed: cancel"
    assert table([cancel], {"a": {"cancel": good}, "b": {"cancel": bad}}).splitlines() == [
        "| Check | a | b |",
        "| --- | :-: | :-: |",
        f"| cancel: {cancel.demand} | yes, 8 ms | **no**, 3 s |",
        "",
        "b, cancel: it goes on",
    ]
