"""Files that are damaged or not there, in a copy of the model's folders."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ...engines.base import ModelSpec, engine_class
from ...errors import ModelUnavailable
from ...models.workers.process import WorkerGone
from ..check import check
from ..clear import demand_clear
from ..outcome import Failed, Outcome, Skipped, demand, passed
from ..stage import Performance, Stage

_WEIGHTS = (".safetensors", ".onnx", ".pt", ".pth", ".bin", ".ckpt", ".npz", ".gguf")
_MOST_FILES = 2000
_MOST_TRIED = 8
_KEPT = 32 << 20
"""Bytes of a damaged file that are kept at most: a download that was cut off."""


@contextmanager
def copied(spec: ModelSpec) -> Iterator[tuple[ModelSpec, list[Path]]]:
    """A copy of a model's folders, and the files in it, the largest first; nothing in it but links to the real ones.

    It lies beside the first folder where that can be written to, for a link cannot lead to another disk.
    """
    folders = [Path(path) for path in spec.paths if Path(path).is_dir()]
    if not folders:
        raise Skipped("its files are not in a folder of its own")
    place = folders[0].parent if os.access(folders[0].parent, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=".check-", dir=place) as top:
        files = []
        paths = []
        for number, folder in enumerate(folders):
            copy = Path(top, str(number), folder.name)
            paths.append(str(copy))
            for file in _files(folder):
                target = copy / file.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(file, target)
                files.append(target)
                if len(files) > _MOST_FILES:
                    raise Skipped(f"its folders have more than {_MOST_FILES} files")
        files.sort(key=lambda file: (-file.stat().st_size, file))
        cache = Path(top, "cache")
        cache.mkdir()
        yield replace(spec, paths=tuple(paths), cache_path=str(cache)), files


def _files(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(top, name) for name in sorted(names))


def _link(file: Path, target: Path) -> None:
    real = file.resolve()
    try:
        os.link(real, target)
    except OSError:
        target.symlink_to(real)


def cut_off(file: Path) -> None:
    """Make a file of a copy one whose download was cut off; the real one is only read."""
    size = file.stat().st_size
    with file.open("rb") as whole:
        begin = whole.read(min(size // 2, _KEPT))
    file.unlink()
    file.write_bytes(begin)


def scribble(file: Path) -> None:
    """Make a file of a copy something else of the same length."""
    size = min(file.stat().st_size, _KEPT)
    file.unlink()
    file.write_bytes(b"not what you want" * (size // 17) + b"!" * (size % 17))


@check("damaged file", "says that a checkpoint is damaged, and which", seconds=300)
async def DAMAGED(stage: Stage) -> Outcome:  # noqa: N802
    """The weights cut off as by a broken download, and something else in their place."""
    told = ""
    performance = await stage.empty()
    for damage in (cut_off, scribble):
        with copied(stage.subject.spec) as (spec, files):
            file = _weights(files, spec)
            damage(file)
            what = "cut off" if damage is cut_off else "something else"
            error = await _attempt(performance, spec)
            if error is None:
                raise Failed(f"{file.name} is {what}, and nobody notices")
            when = f"When {file.name} is {what}"
            told = demand_clear(error, file.name, file.stem, str(file.parent), when=when)
    return passed(told)


def _weights(files: list[Path], spec: ModelSpec) -> Path:
    """The largest file of weights, of the default voice where it has files of its own."""
    weights = [file for file in files if file.suffix in _WEIGHTS]
    if not weights:
        raise Skipped("there is no file of weights in its folders")
    own = [file for file in weights if spec.voice and file.stem == spec.voice]
    # A voice of a megabyte is not the model.
    return own[0] if own and own[0].stat().st_size > weights[0].stat().st_size / 4 else weights[0]


@check("missing file", "says which file is missing, or does without it", seconds=400)
async def MISSING(stage: Stage) -> Outcome:  # noqa: N802
    """Each file left out in turn, the largest ones, and settings."""
    needed = []
    told = ""
    performance = await stage.empty()
    with copied(stage.subject.spec) as (spec, files):
        tried = _tried(files, spec)
        for file in tried:
            aside = file.with_name(f".{file.name}.aside")
            file.rename(aside)
            error = await _attempt(performance, spec)
            if error is not None:
                # The file of a voice may be told of as the voice.
                names = (file.name, file.stem, str(file.parent), *spec.paths, _voice(stage))
                told = demand_clear(error, *names, when=f"Without {file.name}")
                needed.append(file.name)
            aside.rename(file)
    demand(bool(needed), "it loads without any of its files")
    return passed(f"of {len(tried)} files {len(needed)} are needed; {told}", f"{len(needed)} of {len(tried)}")


def _tried(files: list[Path], spec: ModelSpec) -> list[Path]:
    settings = [file for file in files if file.suffix in (".json", ".yaml", ".txt", ".model")]
    own = [file for file in files if spec.voice and file.stem.partition(".")[0] == spec.voice]
    half = _MOST_TRIED // 2
    return list(dict.fromkeys([*own[:2], *files[:half], *settings[:half]]))


async def _attempt(performance: Performance, spec: ModelSpec) -> Exception | None:
    """Load a model and speak with it; the error, where there is one, of what a user would see first."""
    engine = engine_class(spec.engine)
    if problem := engine.problem(spec):
        return ModelUnavailable(problem)
    try:
        await performance.load_variant(spec, performance.subject.device)
    except WorkerGone:
        raise
    except Exception as error:
        return error
    try:
        if performance.subject.voices:
            await performance.say()
    except WorkerGone:
        raise
    except Exception as error:
        return error
    finally:
        if not performance.worker.exited.is_set():
            await performance.worker.unload(spec.id)
    return None


def _voice(stage: Stage) -> str:
    return stage.subject.voice.name if stage.subject.voices else ""
