"""The life of a torch model as an engine: found by its kind, loaded, parked, and gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from ..base import Engine, EngineError, EngineRequest, ModelSpec, Voice
from ..capabilities import Capabilities
from ..offer import offered
from .family import Family
from .folder import ModelFolder, find_folder
from .running import be_quiet, find_device, threads_for
from .weights import TorchWeights

FamilyT = TypeVar("FamilyT", bound=Family)

SEEDS = 1 << 63


class TorchEngine(Engine, Generic[FamilyT]):
    """Speaks with a model of one of its families, which its config.json names."""

    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors")

    families: ClassVar[tuple[type[Family], ...]]

    def __init__(self) -> None:
        self._spec = ModelSpec("", "")
        self._threads = 1
        self._model: FamilyT | None = None
        self._weights: TorchWeights | None = None
        self._voices: dict[str, Voice] = {}

    @classmethod
    def kinds(cls) -> frozenset[str]:
        """The names of the kinds of model that speak: `model_type` in their config.json."""
        return frozenset(kind for family in cls.families for kind in family.kinds)

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        folder, family = cls._found(spec)
        if folder is None or family is None or folder.missing():
            return []
        state = folder.revision
        return offered((replace(voice, revision=state) for voice in family.voices(spec, folder)), spec)

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        folder, family = cls._found(spec)
        if folder is None or family is None:
            return cls.capabilities
        return replace(
            cls.capabilities,
            speed=cls.capabilities.speed if family.has_speeds else None,
            cloning=family.clones,
            needs_transcript=family.needs_transcript,
            voice_by_seed=family.voice_by_seed,
            dialogue=family.dialogue,
            tags=family.tags,
            speaker_tags=family.speaker_tags,
            parameters=with_defaults(family.parameters, family.defaults(folder)),
        )

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        folder, family = cls._found(spec)
        if folder is None:
            places = ", ".join(spec.paths) or "no folder"
            return f"There is no model (config.json) in {places}; it is to be one of: {', '.join(sorted(cls.kinds()))}"
        if not folder.config:
            return folder.missing()
        if family is None:
            kind = folder.kind or "unnamed"
            return f"Models of the kind {kind} are not supported; these are: {', '.join(sorted(cls.kinds()))}"
        return folder.missing() or family.problem(spec, folder)

    def load(self, spec: ModelSpec, device: str) -> None:
        if problem := self.problem(spec):
            raise EngineError(problem, "package_missing" if "pip install" in problem else "model_missing")
        place = find_device(device)
        folder, family = self._found(spec)
        assert folder is not None and family is not None
        self._spec = spec
        self._threads = threads_for(spec)
        self._voices = {voice.name: voice for voice in self.voices(spec)}
        be_quiet()
        model: FamilyT = family(spec, folder, place)  # type: ignore[assignment]  # one of those that the engine lists
        self._weights = TorchWeights(model.stages, place)
        if place.type != "cpu":
            self._weights.unpark()
        self._model = model
        self._make_ready(model)

    def forget(self, digests: Collection[str]) -> None:
        if self._model is not None:
            self._model.forget(digests)

    def park(self) -> None:
        if self._model is not None and self._weights is not None and self._on_gpu:
            self._let_rest(self._model)
            self._weights.park()

    def unpark(self) -> None:
        if self._weights is not None and self._on_gpu:
            self._weights.unpark()

    def unload(self) -> None:
        if self._weights is not None:
            self._weights.close()
        self._model = self._weights = None

    def _let_rest(self, model: FamilyT) -> None:
        """Have it give back what can be made again."""
        model.rest()

    def _make_ready(self, model: FamilyT) -> None:
        """Do what makes the first request as fast as the rest."""

    def _asked(self, request: EngineRequest) -> tuple[FamilyT, Voice]:
        """The model and the voice that are to speak."""
        if self._model is None:
            raise EngineError("The model is not loaded")
        voice = next(iter(self._voices.values())) if request.references else self._voices.get(request.voice)
        if voice is None:
            raise EngineError(f"There is no voice {request.voice!r}", "unknown_voice")
        return self._model, voice

    @staticmethod
    def _seed(request: EngineRequest, number: int) -> int | None:
        """The seed of a piece of the text."""
        return None if request.seed is None else (request.seed + number) % SEEDS

    @classmethod
    def _found(cls, spec: ModelSpec) -> tuple[ModelFolder | None, type[Family] | None]:
        """The first of the model's folders that has a model of a kind that speaks, or at least a config.json."""
        family_of = {kind: family for family in cls.families for kind in family.kinds}
        for path in spec.paths:
            folder = ModelFolder(Path(path))
            if family := family_of.get(folder.kind):
                return folder, family
        return find_folder(spec), None

    @property
    def _on_gpu(self) -> bool:
        """On the processor the weights are in the host's memory as it is."""
        return self._model is not None and self._model.device.type != "cpu"


def with_defaults(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Schemas in which the defaults are those of a model."""
    return {
        name: schema if (value := defaults.get(name)) is None else {**schema, "default": value}
        for name, schema in parameters.items()
    }
