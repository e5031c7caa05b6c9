"""What it costs to hear a language model while it speaks, against the library that generates the same frames and then
decodes them all at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny_codec_models
import tiny_models
from bench.results import Figure, middle
from bench.servers import Setup

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.codec_lm.frames import FrameStreamer

_FRAMES = 64
_ROUNDS = 9
_TEXT = "Good morning."
_MODELS: dict[str, tuple[Callable[[Path], Path], EngineRequest]] = {
    "Orpheus": (
        tiny_codec_models.orpheus,
        EngineRequest(_TEXT, "tara", seed=1, parameters={"max_tokens": 7 * _FRAMES}),
    ),
    "CSM": (tiny_models.csm, EngineRequest(_TEXT, "default", seed=1, parameters={"max_frames": _FRAMES})),
}


def measure(setup: Setup) -> list[Figure]:
    """Time the stream of tiny models, each next to the library's own loop."""
    return [figure for name in _MODELS for figure in _measure(setup, name)]


def _measure(setup: Setup, name: str) -> list[Figure]:
    make, request = _MODELS[name]
    folder = make(setup.folder / "codec_lm" / name)
    engine = CodecLmEngine()
    engine.load(ModelSpec(name, "codec_lm", (str(folder),), request.voice, threads=1), "cpu")
    whole, streamed, first = [], [], []
    for number in range(setup.count(_ROUNDS, least=3) + 1):
        bare = _whole(engine, request)
        began = time.perf_counter()
        chunks = engine.stream(request)
        next(chunks)
        heard = time.perf_counter() - began
        for _ in chunks:
            pass
        total = time.perf_counter() - began
        if number:  # the first round is slower
            whole.append(bare)
            streamed.append(total)
            first.append(heard)
    engine.unload()
    ratio = middle([ours / bare for ours, bare in zip(streamed, whole, strict=True)])
    note = f"{middle(streamed) * 1000:.0f} ms for {_FRAMES} frames; at once {middle(whole) * 1000:.0f} ms"
    return [
        Figure("streaming", f"{name}: time to all audio against the library's loop", ratio, at_most=1.1, note=note),
        Figure("streaming", f"{name}: first audio", middle(first) / middle(whole) * 100, "%",
               note="of the time that the library's loop takes"),
    ]  # fmt: skip


def _whole(engine: CodecLmEngine, request: EngineRequest) -> float:
    """Seconds for the same tokens by the library's loop without our streamer, and one run of the codec."""
    import torch

    model: Any = engine._model
    layout = model.layout()

    class Tokens:
        """Keeps what comes and makes nothing of it."""

        def __init__(self) -> None:
            self.said: list[Any] = []
            self.frames: list[Any] = []

        def put(self, tokens: Any) -> None:
            self.said.append(tokens)

        def end(self) -> None:
            pass

    torch.set_num_threads(1)
    tokens: Any = Tokens()
    assert not isinstance(tokens, FrameStreamer)
    began = time.perf_counter()
    with torch.no_grad():
        model.begin(request)
        model.generate(request.text, request, request.parameters, request.seed, tokens)
        frames = [frame for said in tokens.said[1:] if (frame := layout.take(said))]
        model.decoder(request.seed).finish(frames)
    return time.perf_counter() - began
