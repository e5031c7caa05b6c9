"""What it costs to hear a language model while it speaks, against the library's loop and one run of the codec."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import tiny_codec_models
import tiny_dia
import tiny_higgs
import tiny_models
import tiny_pocket
import tiny_vibevoice
import tiny_vibevoice_realtime
import vibevoice_requests
from bench import gpu_csm
from bench.gpu_subject import Scale
from bench.results import Figure
from bench.setup import Setup
from bench.streaming_libraries import (
    Run,
    csm_by_library,
    dia_by_library,
    higgs_by_library,
    orpheus_by_library,
    pocket_by_library,
    realtime_by_author,
    vibevoice_by_library,
)

from wyoming_openspeakers.engines.base import Engine, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.pocket import PocketEngine
from wyoming_openspeakers.engines.vibevoice import VibeVoiceEngine

_TEXT = "Good morning."
_SOMEBODY = "somebody"


@dataclass(frozen=True)
class _Subject:
    """A model that streams, with random weights, and the loop that it is compared with."""

    engine: type[Engine]
    make: Callable[[Path], Path]
    library: Callable[[Any, int], Run]
    voice: str = "default"
    most: str = "max_frames"
    steps: int = 1
    frames: int = 64
    rounds: int = 5
    at_once: bool = False
    """Whether it is compared with its own codes, decoded at the end, too."""

    @property
    def request(self) -> EngineRequest:
        """It says so many frames."""
        return EngineRequest(_TEXT, self.voice, seed=1, parameters={self.most: self.frames * self.steps})


def _vibevoice(folder: Path) -> Path:
    """A model that has somebody's voice, as the library's loop is to have one."""
    tiny_vibevoice.vibevoice(folder)
    (folder / "voices").mkdir()
    vibevoice_requests.recording(folder / "voices", _SOMEBODY, 200)
    return folder


def _csm_of_published_width(folder: Path) -> Path:
    """With a quarter of the backbone's layers and few words, so that it fits into the memory of a small machine."""
    tiny_models.csm(folder)
    gpu_csm.enlarge(folder, Scale("cpu", is_full=True, seconds=0), num_hidden_layers=4, text_vocab_size=1024)
    return folder


def _realtime_of_published_size(folder: Path) -> Path:
    return tiny_vibevoice_realtime.realtime(folder, voices=["en-Carter_man"], size=tiny_vibevoice_realtime.FULL)


_SUBJECTS = {
    "Orpheus": _Subject(
        CodecLmEngine, tiny_codec_models.orpheus, orpheus_by_library, "tara", "max_tokens", 7, frames=32, at_once=True
    ),
    "CSM": _Subject(CodecLmEngine, tiny_models.csm, csm_by_library, at_once=True),
    "Dia": _Subject(CodecLmEngine, tiny_dia.dia, dia_by_library, at_once=True),
    "Higgs": _Subject(CodecLmEngine, tiny_higgs.higgs, higgs_by_library, at_once=True),
    "VibeVoice 1.5B": _Subject(VibeVoiceEngine, _vibevoice, vibevoice_by_library, _SOMEBODY),
    "VibeVoice Realtime": _Subject(
        VibeVoiceEngine, tiny_vibevoice_realtime.realtime, realtime_by_author, "en-Carter_man"
    ),
    "Pocket": _Subject(PocketEngine, tiny_pocket.pocket, pocket_by_library, "alba"),
    "CSM of published width": _Subject(CodecLmEngine, _csm_of_published_width, csm_by_library, frames=2, rounds=3),
    "VibeVoice Realtime of published size": _Subject(
        VibeVoiceEngine, _realtime_of_published_size, realtime_by_author, "en-Carter_man", frames=6, rounds=3
    ),
    "Pocket of published size": _Subject(PocketEngine, tiny_pocket.full, pocket_by_library, "alba", frames=16),
}


def measure(setup: Setup) -> list[Figure]:
    """Time the stream of tiny models, each next to the library's own loop."""
    return [figure for name in _SUBJECTS for figure in _measure(setup, name)]


def _measure(setup: Setup, name: str) -> list[Figure]:
    subject, request = _SUBJECTS[name], _SUBJECTS[name].request
    place = setup.folder / "streaming" / name
    folder = subject.make(place / "model")
    engine = subject.engine()
    spec = ModelSpec(name, "", (str(folder),), subject.voice, threads=1, cache_path=str(place / "cache"))
    engine.load(spec, "cpu")
    ways = {"first": _until_first, "streamed": _streamed, "library": subject.library(engine, subject.frames)}
    if subject.at_once:
        ways["at once"] = _at_once
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(setup.count(subject.rounds, least=3) + 1):
        # Each in turn, so that what disturbs one disturbs all.
        for way, run in ways.items():
            seconds = _timed(run, engine, request)
            if number:  # the first round is slower
                times[way].append(seconds)
    engine.unload()
    usual = {way: median(seconds) * 1000 for way, seconds in times.items()}
    figures = [
        Figure("streaming", f"{name}: all against the library's loop and one decode",
               _ratio(times, "streamed", "library"), at_most=1.1,
               note=f"{usual['streamed']:.0f} ms for {subject.frames} frames, {usual['library']:.0f} ms"),
        Figure("streaming", f"{name}: first audio", _ratio(times, "first", "library") * 100, "%",
               note=f"of the library's time for all: {usual['first']:.0f} ms"),
    ]  # fmt: skip
    if "at once" in usual:
        # Tokens come so fast here that a run of the codec more is seen; on the way to an ear it is not.
        figures.append(
            Figure("streaming", f"{name}: all against the same tokens, decoded at once",
                   _ratio(times, "streamed", "at once"), note=f"{usual['at once']:.0f} ms")
        )  # fmt: skip
    return figures


def _ratio(times: Mapping[str, Sequence[float]], one: str, other: str) -> float:
    """Round by round, so that what disturbs all of a round does not count."""
    return median(ours / theirs for ours, theirs in zip(times[one], times[other], strict=True))


def _timed(run: Run, engine: Engine, request: EngineRequest) -> float:
    """Seconds of one core: all ways use no more, and others may use the machine too."""
    import torch

    torch.set_num_threads(1)
    began = time.process_time()
    with torch.no_grad():
        run(engine, request)
    return time.process_time() - began


def _until_first(engine: Engine, request: EngineRequest) -> None:
    chunks = engine.stream(request)
    next(chunks)
    # It is a generator: what it has begun ends here.
    del chunks


def _streamed(engine: Engine, request: EngineRequest) -> None:
    for _ in engine.stream(request):
        pass


def _at_once(engine: Any, request: EngineRequest) -> None:
    """The same tokens, but nothing is made of them before the last."""
    model: Any = engine._model
    tokens: Any = _Tokens(model.layout())
    model.begin(request)
    model.generate(request.text, request, request.parameters, request.seed, tokens)
    model.decoder(request.seed).finish(tokens.frames)


class _Tokens:
    def __init__(self, layout: Any) -> None:
        self._layout = layout
        self._has_prompt = False
        self.frames: list[Any] = []

    @property
    def is_over(self) -> bool:
        return bool(self._layout.is_over)

    def put(self, tokens: Any) -> None:
        if self._has_prompt and not self.is_over and (frame := self._layout.take(tokens)):
            self.frames.append(frame)
        self._has_prompt = True

    def end(self) -> None:
        """Nothing is left to do."""
