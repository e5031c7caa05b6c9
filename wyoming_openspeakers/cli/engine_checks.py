"""`engines check MODEL` and `engines audit PACKAGE`: what an engine does, and what a package would do to one."""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..audit.audit import audit
from ..audit.report import markdown, verdict
from ..audit.topic import TOPICS
from ..conformance.bench import Bench
from ..conformance.check import Check
from ..conformance.checks import CHECKS
from ..conformance.outcome import Outcome, Verdict
from ..conformance.report import line, summary, table
from ..conformance.subject import Subject
from ..engines.base import Reference
from ..errors import BadAudio, EnvironmentFailed, InvalidRequest
from ..models.gpu.gpus import Gpus
from ..models.gpu.monitor import GpuMonitor
from ..models.profiles.intake import Intake
from ..models.readiness import problem_and_fix
from ..service import Service

_LONGEST = 300.0
"""Seconds that a recording may have."""


def add_check_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `engines check` that are about models."""
    parser.add_argument("--only", nargs="+", metavar="CHECK", help="run only these checks of a model, such as cancel")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 or mps; the best that the model and this machine have")
    parser.add_argument("--reference", type=Path, metavar="WAV", help="a recording, for a model that only clones")
    parser.add_argument("--transcript", default="", metavar="TEXT", help="what is said in the recording")
    parser.add_argument(
        "--patience", type=float, default=1.0, metavar="TIMES", help="times as long as usual that a check may take"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the outcomes as a table in Markdown, too")


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `engines audit`."""
    parser.add_argument("package", metavar="PACKAGE", help="name, name==1.0, or the path of a wheel")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the audit to a file instead of the terminal")
    parser.add_argument("--pip", action="store_true", help="use pip even if uv is there")
    parser.add_argument("--deep", action="store_true", help="audit also what it depends on and no environment has")
    parser.add_argument("--offline", action="store_true", help="do not resolve what the package depends on")


def models_named(service: Service, name: str) -> list[str]:
    """The models that are meant by the name of a model or of an engine, of those that can be used."""
    registry = service.registry
    if model := registry.resolve(name):
        return [model]
    # Of an engine, those that are here: nobody who asks for piper wants to hear of what is not downloaded.
    of_engine = [model for model, entry in registry.models.items() if entry.engine == name]
    return [model for model in of_engine if problem_and_fix(registry, model) is None] or of_engine


def check_models(service: Service, models: Sequence[str], options: argparse.Namespace) -> bool:
    """Run the kit on models and print what comes of it; whether all is well."""
    logger = logging.getLogger("wyoming_openspeakers")
    before = logger.level
    # What fails here is in the outcome; the workers' own complaints would come in between.
    logger.setLevel(logging.CRITICAL if not options.log_level else logging.NOTSET)
    try:
        return _check_models(service, models, options)
    finally:
        logger.setLevel(before)


def _check_models(service: Service, models: Sequence[str], options: argparse.Namespace) -> bool:
    checks = _chosen(options.only)
    results: dict[str, dict[str, Outcome]] = {}
    with _reference(options.reference, options.transcript) as reference:
        for model in models:
            results[model] = _check_model(service, model, checks, reference, options)
    if options.output:
        _write(options.output, table(checks, results))
    every = [outcome for outcomes in results.values() for outcome in outcomes.values()]
    return all(results.values()) and not any(outcome.verdict is Verdict.FAILED for outcome in every)


def _check_model(
    service: Service, model: str, checks: Sequence[Check], reference: Reference | None, options: argparse.Namespace
) -> dict[str, Outcome]:
    """The outcomes of a model's checks; none where it cannot be used."""
    if problem := problem_and_fix(service.registry, model):
        print(f"FAIL {model:<34} {problem}", flush=True)
        return {}
    outcomes = {}
    with Bench(_subject(service, model, reference, options)) as bench:
        for check in checks:
            with _shown(f"...  {model} {check.name}: {check.demand}"):
                outcome = outcomes[check.name] = bench.run(check)
            print(line(model, check, outcome), flush=True)
    print(summary(model, outcomes), flush=True)
    return outcomes


@contextmanager
def _shown(text: str) -> Iterator[None]:
    """Show on a terminal what is going on, as long as it does."""
    if not sys.stdout.isatty():
        yield
        return
    # Cut off, for a line that wraps cannot be wiped away.
    print(text[: shutil.get_terminal_size().columns - 1], end="\r", flush=True)
    try:
        yield
    finally:
        print("\x1b[2K", end="", flush=True)


def run_audit(options: argparse.Namespace) -> int:
    """Audit a package and write the audit; 1 when something has to be done about it."""
    found = audit(options.package, use_pip=options.pip, online=not options.offline, deep=options.deep)
    if options.output:
        _write(options.output, markdown(found))
        for topic in TOPICS:
            if places := found.of(topic):
                print(f"{verdict(found, topic).strip('*'):<11} {topic.name:<40} {len(places)}")
        print(f"The audit of {found.name} {found.version} is in {options.output}")
    else:
        print(markdown(found), end="")
    return 1 if found.is_serious else 0


def _chosen(only: Sequence[str] | None) -> list[Check]:
    """The checks that were asked for; the ones that they need are not run then, and not asked after."""
    if not only:
        return list(CHECKS)
    known = {check.name.replace(" ", "-"): check for check in CHECKS}
    names = [name.replace(" ", "-") for name in only]
    if unknown := [name for name in names if name not in known]:
        raise InvalidRequest(f"There is no check {unknown[0]!r}; checks: {', '.join(known)}")
    return [check for name, check in known.items() if name in names]


def _subject(service: Service, model: str, reference: Reference | None, options: argparse.Namespace) -> Subject:
    registry = service.registry
    spec = registry.spec(model)
    if spec.cache_path:
        Path(spec.cache_path).mkdir(parents=True, exist_ok=True)
    device = options.device or registry.entry(model).device or ""
    if device in ("", "auto"):
        device = _best_device(service, registry.capabilities(model).devices)
    return Subject(spec, device, registry.python(model), reference, options.patience)


def _best_device(service: Service, devices: Sequence[str]) -> str:
    """The first of the engine's kinds of device that this machine has."""
    gpus = asyncio.run(GpuMonitor(Gpus(service.config.models.gpus), service.bus, interval=0).read()).gpus
    there = {"cuda": bool(gpus), "mps": sys.platform == "darwin", "cpu": True}
    return next((kind for kind in devices if there.get(kind)), "cpu")


@contextmanager
def _reference(path: Path | None, transcript: str) -> Iterator[Reference | None]:
    """The user's recording as the service would take it, as long as it is needed."""
    if path is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            sample = asyncio.run(Intake(_LONGEST).take(path, Path(folder), transcript=transcript))
        except OSError as error:
            raise InvalidRequest(f"{path}: {error.strerror}") from None
        except BadAudio as error:
            raise InvalidRequest(f"{path}: {error}") from None
        yield Reference(str(Path(folder, f"{sample.id}.wav")), sample.digest, sample.transcript)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise EnvironmentFailed(f"{path}: {error.strerror}") from None
