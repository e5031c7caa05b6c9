"""What an engine says of itself before anything is loaded."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ..check import check
from ..outcome import Outcome, demand, passed
from ..stage import Stage
from ..subject import Subject

_DEVICES = {"cuda", "mps", "cpu"}
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*(-x(-[A-Za-z0-9]{1,8})+)?")
"""BCP 47, as far as languages of voices use it: `en-GB`, `en-GB-x-rp`."""

_KINDS = {"number", "integer", "string", "boolean", "array", "object", "null"}
_KEYS = {"type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "description", "default"}
_KEYS |= {"title", "examples", "items"}

_HEAVY = ("torch", "transformers", "onnxruntime", "onnx", "scipy", "librosa", "soundfile")

_LOOK = """
import sys
from pathlib import Path
from wyoming_openspeakers.engines.base import ModelSpec, engine_class
import json
told = json.loads(sys.argv[1])
engine = engine_class(told["engine"])
for paths in (told["paths"], ["/nowhere"]):
    spec = ModelSpec(told["id"], told["engine"], tuple(paths), told["voice"], parameters=told["parameters"])
    engine.voices(spec), engine.problem(spec), engine.capabilities_of(spec)
print(json.dumps([name for name in [*engine.packages, *sys.argv[2:]] if name in sys.modules]))
"""


@check("declaration", "says what it can do, and it makes sense", seconds=20, needs="")
async def DECLARATION(stage: Stage) -> Outcome:  # noqa: N802
    """Its capabilities are consistent, its parameters' schemas are such as the service can check."""
    subject, has = stage.subject, stage.subject.capabilities
    problem = subject.engine.problem(subject.spec)
    demand(problem is None, f"it cannot be used here: {problem}")
    demand(has.concurrency >= 1, f"concurrency is {has.concurrency}; 1 is the least")
    demand(not has.parallel or has.concurrency > 1, "parallel steps need a concurrency of 2 or more")
    wrong = sorted(set(has.devices) - _DEVICES)
    demand(bool(has.devices) and not wrong, f"devices are {', '.join(has.devices)}; use cuda, mps, cpu")
    demand(bool(has.licence), "licence is empty; name the licence of the engine's code")
    if has.speed:
        low, high = has.speed
        demand(0 < low <= 1 <= high, f"speeds go from {low} to {high}; 1 must be among them")
    demand(not has.needs_transcript or has.cloning, "it needs transcripts but does not clone")
    for name, schema in has.parameters.items():
        _demand_checkable(name, schema)
    return passed(f"{len(has.parameters)} parameters, {has.concurrency} at once, on {', '.join(has.devices)}")


def _demand_checkable(name: str, schema: Mapping[str, Any]) -> None:
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    demand(bool(kinds) and kinds <= _KINDS, f"parameter {name} has no JSON type in its schema")
    unknown = sorted(set(schema) - _KEYS)
    demand(not unknown, f"the schema of parameter {name} uses {', '.join(unknown)}, which nothing checks")
    demand(bool(schema.get("description")), f"parameter {name} has no description")


@check("light", "lists its voices without importing its packages", seconds=60, needs="")
async def LIGHT(stage: Stage) -> Outcome:  # noqa: N802
    """A fresh process of the service asks for voices, problem and capabilities, and looks at what was imported."""
    spec = stage.subject.spec
    told: dict[str, Any] = {"id": spec.id, "engine": spec.engine, "paths": spec.paths, "voice": spec.voice}
    told["parameters"] = dict(spec.parameters)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _LOOK, json.dumps(told), *_HEAVY),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path]))},
    )
    out, err = await process.communicate()
    last = err.decode(errors="replace").strip().rpartition("\n")[2]
    demand(process.returncode == 0, f"with and without files it must list what there is, but: {last}")
    found = json.loads(out.decode().strip().rpartition("\n")[2])
    demand(not found, f"it imports {', '.join(dict.fromkeys(found))} before anything is loaded")
    return passed("nothing heavy is imported")


@check("voices", "names its voices once each, with their languages", seconds=20, needs="")
async def VOICES(stage: Stage) -> Outcome:  # noqa: N802
    """Voices are unique and described, languages are tags, and the default voice is one of them."""
    subject: Subject = stage.subject
    voices, has = subject.voices, subject.capabilities
    demand(bool(voices) or has.cloning or has.designs, "it has no voice, and makes none")
    names = [voice.name for voice in voices]
    demand(len(set(names)) == len(names), "two voices have the same name")
    default = subject.spec.voice
    # A few names, of which those that are written in nearly the same way come first.
    shown = ", ".join(list(dict.fromkeys([*get_close_matches(str(default), names), *names]))[:5])
    demand(
        not default or not voices or default in names,
        f"its default voice {default!r} is not among its {len(names)} voices: {shown}",
    )
    languages = {tag for voice in voices for tag in voice.languages}
    for voice in voices:
        demand(bool(voice.languages), f"voice {voice.name} has no language")
        demand(bool(voice.description), f"voice {voice.name} has no description")
        demand(voice.gender in (None, "female", "male"), f"voice {voice.name} has the gender {voice.gender!r}")
    wrong = sorted(tag for tag in languages if not _TAG.fullmatch(tag))
    demand(not wrong, f"these are no BCP 47 tags: {', '.join(wrong)}")
    return passed(f"{len(voices)} voices in {len(languages)} languages", f"{len(voices)}")
