"""Language models that say the codes of a neural codec, and are heard while they still speak.

Orpheus and CSM: each is a frame layout, a codec and a way to prompt; how their tokens become sound as they come is the
same for all. The main process reads their JSON files; only a worker imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from ..base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Samples, Voice
from ..capabilities import Capabilities
from ..control import Cancelled
from ..offer import offered
from ..torch.weights import TorchWeights
from ..transformers import MAX_THREADS, SEEDS, _be_quiet, _cores, _device
from ..transformers.folder import ModelFolder
from ..transformers.pieces import pieces
from .background import Background, Handover
from .csm import StreamedCsm
from .family import CodecFamily
from .frames import FrameStreamer
from .orpheus import OrpheusFamily

FAMILIES: tuple[type[CodecFamily], ...] = (OrpheusFamily, StreamedCsm)

_FAMILY_OF = {kind: family for family in FAMILIES for kind in family.kinds}

SUPPORTED = frozenset(_FAMILY_OF)
"""The library's names of the kinds of model that speak: `model_type` in their config.json."""


class CodecLmEngine(Engine):
    """Speaks with one language model and its codec."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=1,
        devices=("cuda", "mps", "cpu"),
        parks=True,
        licence="Apache-2.0",
        parameters={name: schema for family in FAMILIES for name, schema in family.parameters.items()},
    )

    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors")

    def __init__(self) -> None:
        self._spec = ModelSpec("", "codec_lm")
        self._threads = 1
        self._model: CodecFamily | None = None
        self._weights: TorchWeights | None = None
        self._voices: dict[str, Voice] = {}
        self._background = Background()
        self._check: Callable[[], None] | None = None
        """What the running generation asks whether to go on."""

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        folder, family = _found(spec)
        if folder is None or family is None or folder.missing():
            return []
        state = folder.revision
        return offered((replace(voice, revision=state) for voice in family.voices(spec, folder)), spec)

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        _, family = _found(spec)
        if family is None:
            return cls.capabilities
        return replace(
            cls.capabilities,
            cloning=family.clones,
            needs_transcript=family.needs_transcript,
            parameters=family.parameters,
        )

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        folder, family = _found(spec)
        if folder is None or family is None:
            places = ", ".join(spec.paths) or "no folder"
            return f"There is no model of the kinds {', '.join(sorted(SUPPORTED))} in {places}"
        return folder.missing() or family.problem(spec, folder)

    def load(self, spec: ModelSpec, device: str) -> None:
        if problem := self.problem(spec):
            raise EngineError(problem, "package_missing" if "pip install" in problem else "model_missing")
        place = _device(device)
        folder, family = _found(spec)
        assert folder is not None and family is not None
        self._spec = spec
        self._threads = spec.threads or min(MAX_THREADS, _cores())
        self._voices = {voice.name: voice for voice in self.voices(spec)}
        _be_quiet()
        model = family(spec, folder, place)
        self._weights = TorchWeights(model.stages, place)
        if place.type != "cpu":
            self._weights.unpark()
        for module in model.watched:
            module.register_forward_pre_hook(self._look)
        self._model = model
        self._background.call(partial(self._warm_up, model))

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        model = self._model
        if model is None:
            raise EngineError("The model is not loaded")
        voice = next(iter(self._voices.values())) if request.references else self._voices.get(request.voice)
        if voice is None:
            raise EngineError(f"There is no voice {request.voice!r}", "unknown_voice")
        said = [piece for piece in pieces(request.text, model.longest) if any(map(str.isalnum, piece))]
        if request.cancel:
            raise Cancelled

        def work(handover: Handover[Samples]) -> None:
            self._speak(model, said, request, handover)

        for samples in self._background.stream(work, request.cancel):
            if samples.size:
                yield Audio(samples, voice.rate)

    def forget(self, digests: Collection[str]) -> None:
        if self._model is not None:
            self._model.forget(digests)

    def park(self) -> None:
        if self._weights is not None and self._on_gpu:
            self._weights.park()

    def unpark(self) -> None:
        if self._weights is not None and self._on_gpu:
            self._weights.unpark()

    def unload(self) -> None:
        if self._weights is not None:
            self._weights.close()
        self._background.close()
        self._model = self._weights = None

    def _warm_up(self, model: CodecFamily) -> None:
        with _run(self._threads):
            model.warm_up()

    def _speak(self, model: CodecFamily, said: list[str], request: EngineRequest, handover: Handover[Samples]) -> None:
        """Say the pieces of a text one after another, in the thread of the generations."""
        settings: Mapping[str, Any] = {**self._spec.parameters, **request.parameters}
        self._check = handover.check
        try:
            with _run(self._threads if request.share.is_whole else 1):
                model.begin(request)
                for number, piece in enumerate(said):
                    seed = None if request.seed is None else (request.seed + number) % SEEDS
                    streamer = FrameStreamer(model.layout(), model.decoder(seed), handover.put, handover.check)
                    model.generate(piece, request, settings, seed, streamer)
        finally:
            self._check = None

    def _look(self, module: Any, arguments: Any) -> None:
        if self._check is not None:
            self._check()

    @property
    def _on_gpu(self) -> bool:
        """On the processor the weights are in the host's memory as it is."""
        return self._model is not None and self._model.device.type != "cpu"


def _found(spec: ModelSpec) -> tuple[ModelFolder | None, type[CodecFamily] | None]:
    """The first of the model's folders that has a model of a kind that speaks."""
    folders = (ModelFolder(Path(path)) for path in spec.paths)
    return next(((folder, _FAMILY_OF[folder.kind]) for folder in folders if folder.kind in SUPPORTED), (None, None))


@contextmanager
def _run(threads: int) -> Iterator[None]:
    """A run of a model in this thread, on so many cores."""
    import torch

    torch.set_num_threads(threads)
    # Not inference_mode: what a model keeps from such a run can neither be moved nor used outside of one.
    with torch.no_grad():
        yield


ENGINE = CodecLmEngine
