"""What it costs to hear a language model while it speaks, against the library's loop and one run of the codec."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny_codec_models
import tiny_models
from bench.results import Figure
from bench.servers import Setup

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine, orpheus

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


_Run = Callable[[CodecLmEngine, EngineRequest], None]


def measure(setup: Setup) -> list[Figure]:
    """Time the stream of tiny models, each next to the library's own loop."""
    return [figure for name in _MODELS for figure in _measure(setup, name)]


def _measure(setup: Setup, name: str) -> list[Figure]:
    make, request = _MODELS[name]
    folder = make(setup.folder / "codec_lm" / name)
    engine = CodecLmEngine()
    engine.load(ModelSpec(name, "codec_lm", (str(folder),), request.voice, threads=1), "cpu")
    library = _LIBRARY[name](engine)
    ways = {"first": _until_first, "streamed": _streamed, "at once": _at_once, "library": library}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(setup.count(_ROUNDS, least=3) + 1):
        # Each in turn, so that what disturbs one disturbs all.
        for way, run in ways.items():
            seconds = _timed(run, engine, request)
            if number:  # the first round is slower
                times[way].append(seconds)
    engine.unload()
    # What others do at the same time only ever adds to it.
    least = {way: min(seconds) * 1000 for way, seconds in times.items()}
    return [
        Figure("streaming", f"{name}: all against the library's loop and one decode",
               least["streamed"] / least["library"], at_most=1.1,
               note=f"{least['streamed']:.0f} ms for {_FRAMES} frames, {least['library']:.0f} ms"),
        Figure("streaming", f"{name}: all against the same tokens, decoded at once",
               least["streamed"] / least["at once"], at_most=1.1, note=f"{least['at once']:.0f} ms"),
        Figure("streaming", f"{name}: first audio", least["first"] / least["library"] * 100, "%",
               note=f"of the library's time for all: {least['first']:.0f} ms"),
    ]  # fmt: skip


def _timed(run: _Run, engine: CodecLmEngine, request: EngineRequest) -> float:
    """Seconds of one core: all ways use no more, and others may use the machine too."""
    import torch

    torch.set_num_threads(1)
    began = time.process_time()
    with torch.no_grad():
        run(engine, request)
    return time.process_time() - began


def _until_first(engine: CodecLmEngine, request: EngineRequest) -> None:
    chunks = engine.stream(request)
    next(chunks)
    # It is a generator: what it has begun ends here.
    del chunks


def _streamed(engine: CodecLmEngine, request: EngineRequest) -> None:
    for _ in engine.stream(request):
        pass


def _at_once(engine: CodecLmEngine, request: EngineRequest) -> None:
    """The same tokens, but nothing is made of them before the last."""
    model: Any = engine._model
    tokens: Any = _Tokens()
    model.begin(request)
    model.generate(request.text, request, request.parameters, request.seed, tokens)
    layout = model.layout()
    model.decoder(request.seed).finish([frame for said in tokens.said[1:] if (frame := layout.take(said))])


class _Tokens:
    def __init__(self) -> None:
        self.said: list[Any] = []
        self.frames: list[Any] = []

    def put(self, tokens: Any) -> None:
        self.said.append(tokens)

    def end(self) -> None:
        """Nothing is left to do."""


def _orpheus_by_library(engine: CodecLmEngine) -> _Run:
    import torch
    from transformers import LlamaForCausalLM

    ours: Any = engine._model
    model: Any = LlamaForCausalLM.from_pretrained(ours.folder.path)

    def run(_: CodecLmEngine, request: EngineRequest) -> None:
        words = ours._tokenizer(f"{request.voice}: {request.text}").input_ids
        prompt = torch.tensor([[*orpheus.TEXT_BEGINS, *words, *orpheus.TEXT_ENDS]])
        said = model.generate(
            inputs=prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=0.6,
            top_p=0.8,
            repetition_penalty=1.3,
            max_new_tokens=7 * _FRAMES,
            eos_token_id=orpheus.SPEECH_ENDS,
            pad_token_id=orpheus.SPEECH_ENDS,
        )
        # Random weights say anything: only as many codes matter, not which.
        codes = said[0, prompt.shape[1] :].reshape(-1, 7) % orpheus.CODES
        ours._codec.decode(codes, torch.randn(len(codes), sum(ours._codec.noises))).numpy()

    return run


def _csm_by_library(engine: CodecLmEngine) -> _Run:
    model: Any = engine._model

    def run(_: CodecLmEngine, request: EngineRequest) -> None:
        conversation = [{"role": "0", "content": [{"type": "text", "text": request.text}]}]
        inputs = model._processor.apply_chat_template(conversation, tokenize=True, return_dict=True,
                                                      return_tensors="pt")  # fmt: skip
        model._model.generate(**inputs, output_audio=True, do_sample=True, temperature=0.9, top_k=50,
                              max_new_tokens=_FRAMES)[0].numpy()  # fmt: skip

    return run


_LIBRARY: dict[str, Callable[[CodecLmEngine], _Run]] = {"Orpheus": _orpheus_by_library, "CSM": _csm_by_library}
