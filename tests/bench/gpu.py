"""Models of published size with random weights on an accelerator, next to the loop of their own library.

Without one it runs with small models on the processor, to show that it runs; those figures mean nothing.
`OPENSPEAKERS_DEVICE` names another device than the best, `OPENSPEAKERS_GPU_MODELS` words of the models to measure.
"""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.gpu_csm import CSM
from bench.gpu_dia import DIA
from bench.gpu_higgs import HIGGS
from bench.gpu_kokoro import KOKORO
from bench.gpu_orpheus import ORPHEUS
from bench.gpu_subject import Loop, Scale, Subject, give_back, synchronise
from bench.gpu_vibevoice import VIBEVOICE
from bench.results import Figure, middle, plain_table
from bench.setup import Setup

from wyoming_openspeakers.engines.base import Engine, EngineRequest, ModelSpec, engine_class

_SUBJECTS = (ORPHEUS, CSM, DIA, HIGGS, VIBEVOICE, KOKORO)
_ROUNDS = 5
_FASTER = 2.0
"""How much of the library's time is to be saved: a half."""


def measure(setup: Setup) -> list[Figure]:
    """Measure every subject on the best device there is."""
    scale = _scale()
    print(_device(scale), flush=True)
    figures: list[Figure] = []
    chosen = os.environ.get("OPENSPEAKERS_GPU_MODELS", "").lower().split()

    def tell(figure: Figure) -> None:
        # At once: whoever lends a GPU may take it back at any time.
        figures.append(figure)
        setup.keep(figures)
        print(plain_table([figure]), flush=True)

    for subject in _SUBJECTS:
        if chosen and not any(word in subject.name.lower() for word in chosen):
            continue
        folder = setup.folder / subject.name.replace(" ", "-")
        try:
            rounds = setup.count(_ROUNDS, least=2) if scale.is_full else 2
            _Measurement(subject, scale, folder, rounds, tell).run()
        except Exception as error:  # one model that cannot be measured must not cost the others
            traceback.print_exc()
            print(f"{subject.name} could not be measured: {type(error).__name__}: {error}", flush=True)
            tell(Figure("gpu", f"{subject.name}: measured", 0, at_least=1))
        shutil.rmtree(folder, ignore_errors=True)
        give_back(scale.device)
    return figures


def _scale() -> Scale:
    import torch

    wanted = os.environ.get("OPENSPEAKERS_DEVICE", "")
    if torch.cuda.is_available() and wanted in ("", "cuda"):
        return Scale("cuda", is_full=True, seconds=10)
    if torch.backends.mps.is_available() and wanted in ("", "mps"):
        return Scale("mps", is_full=True, seconds=10)
    return Scale("cpu", is_full=False, seconds=0.7, threads=1)


def _device(scale: Scale) -> str:
    import torch
    import transformers

    made_with = f"torch {torch.__version__}, transformers {transformers.__version__}"
    if scale.is_full:
        name = torch.cuda.get_device_name() if scale.device == "cuda" else "Apple's GPU"
        return f"{name}: published sizes, random weights; {made_with}"
    return f"No GPU here: SMALL MODELS ON THE PROCESSOR, only to show that it runs, and no aim is held; {made_with}"


class _Measurement:
    """One subject's turn."""

    def __init__(
        self, subject: Subject, scale: Scale, folder: Path, rounds: int, tell: Callable[[Figure], None]
    ) -> None:
        self._subject = subject
        self._scale = scale
        self._folder = folder
        self._rounds = rounds
        self._tell = tell
        self._request = subject.request(scale)

    def run(self) -> None:
        """Measure all of the subject: what matters most comes first."""
        made = _timed(lambda: self._subject.make(self._folder, self._scale))
        print(f"{self._subject.name}: its files took {made:.0f} s", flush=True)
        ours = self._engine()
        give_back(self._scale.device)
        if self._subject.library:
            try:
                theirs = self._library(self._subject.library)
            except Exception as error:  # a package of its may be missing: what was measured of ours is kept
                self._complain("the library's loop", error)
            else:
                self._add("times as fast as the library's loop", theirs / ours, "", at_least=_FASTER)
            give_back(self._scale.device)
        if self._subject.variants and self._scale.device == "cuda":
            self._variants()

    def _complain(self, what: str, error: Exception) -> None:
        reason = " ".join(str(error).split())[:300]
        print(f"{self._subject.name}, {what}, could not be measured: {type(error).__name__}: {reason}", flush=True)

    def _loaded(self) -> tuple[Engine, float]:
        """Ours, and in how many seconds it was loaded."""
        request = self._request
        engine = engine_class(self._subject.engine)()
        spec = ModelSpec(
            self._subject.name, self._subject.engine, (str(self._folder),), request.voice, threads=self._scale.threads
        )
        if problem := engine.problem(spec):
            raise ValueError(problem)
        if not request.voice:
            self._request = replace(request, voice=engine.voices(spec)[0].name)
        engine.prepare(spec)
        return engine, self._timed(lambda: engine.load(spec, self._scale.device))

    def _engine(self) -> float:
        """Measure ours; seconds that a second of speech takes."""
        engine, loaded = self._loaded()
        request = self._request
        expected = _say(engine, request)[1]
        self._reset_peak()
        spoken = [_say(engine, replace(request, seed=number)) for number in range(self._rounds)]
        if wrong := [seconds for _, seconds, _ in spoken if abs(seconds - expected) > 0.01 * expected]:
            raise ValueError(f"it was to speak for {expected:.2f} s and spoke for {wrong[0]:.2f} s")
        factor = middle(taken / seconds for _, seconds, taken in spoken)
        first = middle(first for first, _, _ in spoken)
        self._add("first audio", first * 1000, "ms", at_most=self._subject.first_at_most, note=self._subject.reported)
        self._add("time for a second of speech", factor, "", at_most=self._subject.factor_at_most,
                  note=f"{expected:.1f} s of speech")  # fmt: skip
        self._add_peak("peak memory")
        self._add("load", loaded, "s", note="files in the page cache")
        try:
            self._swap(engine)
        except Exception as error:  # what it says is worth more than how it moves
            self._complain("parked and brought back", error)
        engine.unload()
        return factor

    def _variants(self) -> None:
        engine, _ = self._loaded()
        for name, change in self._subject.variants.items():
            self._variant(engine, name, change)
        engine.unload()

    def _variant(self, engine: Engine, name: str, change: Callable[[Any], None]) -> None:
        try:
            change(engine)
            _say(engine, self._request)
            spoken = [_say(engine, self._request) for _ in range(self._rounds)]
        except Exception as error:  # a compiler may be missing
            self._complain(name, error)
            return
        self._add(f"{name}: first audio", middle(first for first, _, _ in spoken) * 1000, "ms")
        factor = middle(taken / seconds for _, seconds, taken in spoken)
        self._add(f"{name}: time for a second of speech", factor, "")

    def _swap(self, engine: Engine) -> None:
        weights: Any = getattr(engine, "_weights", None)
        if self._scale.is_full:
            park, unpark = engine.park, engine.unpark
        elif weights is not None:
            # On a processor the engine has nowhere to park, but the copies can be made.
            park, unpark = weights.park, weights.unpark
        else:
            return
        park()
        times: dict[str, list[float]] = {"unpark": [], "park": [], "first": []}
        for _ in range(self._rounds):
            # It may be back before all is there.
            times["unpark"].append(self._timed(unpark))
            times["park"].append(self._timed(park))
            began = time.perf_counter()
            unpark()
            back = time.perf_counter() - began
            times["first"].append(back + _say(engine, self._request)[0])
            park()
        unpark()
        note = f"{weights.bytes / 1e9:.2f} GB" if weights is not None else ""
        self._add("park", middle(times["park"]) * 1000, "ms", note=note)
        self._add("unpark", middle(times["unpark"]) * 1000, "ms", note=note)
        self._add("parked to first audio", middle(times["first"]) * 1000, "ms")

    def _library(self, load: Callable[[Path, Scale], Loop]) -> float:
        import torch

        if self._scale.threads:
            torch.set_num_threads(self._scale.threads)
        self._reset_peak()
        loop = load(self._folder, self._scale)
        loop()
        taken = []
        for _ in range(2):
            began = time.perf_counter()
            seconds = loop()
            taken.append((time.perf_counter() - began) / seconds)
        factor = middle(taken)
        self._add("the library's loop, time for a second of speech", factor, "")
        self._add_peak("the library's loop, peak memory")
        return factor

    def _add(self, what: str, value: float, unit: str, **rest: Any) -> None:
        figure = Figure("gpu", f"{self._subject.name}: {what}", value, unit, **rest)
        if not self._scale.is_full:
            figure = replace(figure, at_most=None, at_least=None, note="small model on the processor")
        self._tell(figure)

    def _add_peak(self, what: str) -> None:
        import torch

        if self._scale.device == "cuda":
            self._add(what, torch.cuda.max_memory_allocated() / 1e9, "GB",
                      note=f"{torch.cuda.max_memory_reserved() / 1e9:.2f} GB reserved")  # fmt: skip
        elif self._scale.device == "mps":
            self._add(what.replace("peak ", ""), torch.mps.driver_allocated_memory() / 1e9, "GB")

    def _reset_peak(self) -> None:
        import torch

        if self._scale.device == "cuda":
            torch.cuda.reset_peak_memory_stats()

    def _timed(self, *works: Callable[[], object]) -> float:
        """Seconds until all is done, on the device too."""
        return _timed(*works, partial(synchronise, self._scale.device))


def _timed(*works: Callable[[], object]) -> float:
    began = time.perf_counter()
    for work in works:
        work()
    return time.perf_counter() - began


def _say(engine: Engine, request: EngineRequest) -> tuple[float, float, float]:
    """Seconds until the first sound, of sound, and until the last of it."""
    began = time.perf_counter()
    first = None
    seconds = 0.0
    for audio in engine.stream(request):
        first = first or time.perf_counter() - began
        seconds += audio.samples.size / audio.rate
    assert first is not None
    return first, seconds, time.perf_counter() - began
