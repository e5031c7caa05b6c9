"""Text-to-speech models of the transformers library, as they are on the hub.

VITS (Meta's MMS in 1,100 languages), SpeechT5, Bark, FastSpeech2 and SeamlessM4T: any checkpoint of these kinds speaks
from its folder. The main process reads its JSON files; only a worker imports torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar

from ..base import Audio, EngineRequest, ModelSpec
from ..capabilities import Capabilities
from ..torch.cancel import CancellableModules
from ..torch.engine import TorchEngine
from ..torch.family import Family
from ..torch.folder import find_folder
from ..torch.pieces import pieces
from ..torch.running import running, set_chance
from .bark import BarkFamily
from .fastspeech2 import FastSpeech2Family
from .seamless import SeamlessFamily
from .speecht5 import SpeechT5Family
from .vits import VitsFamily
from .whole import WholeFamily

_WARM: set[tuple[str, str]] = set()
"""Kinds of model that have spoken in this process, by device: what that took to get ready stays."""


class TransformersEngine(TorchEngine[WholeFamily]):
    """Speaks with one model of the library."""

    families: ClassVar[tuple[type[Family], ...]] = (
        VitsFamily,
        SpeechT5Family,
        BarkFamily,
        FastSpeech2Family,
        SeamlessFamily,
    )

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=False,
        concurrency=1,
        speed=(0.25, 4.0),
        devices=("cuda", "mps", "cpu"),
        parks=True,
        licence="Apache-2.0",
        parameters={name: schema for family in families for name, schema in family.parameters.items()},
    )

    def __init__(self) -> None:
        super().__init__()
        self._cancellable: CancellableModules | None = None

    @classmethod
    def prepare(cls, spec: ModelSpec) -> None:
        super().prepare(spec)
        folder = find_folder(spec)
        kind = folder.kind.replace("-", "_") if folder else ""
        with suppress(ImportError):
            importlib.import_module(f"transformers.models.{kind}.modeling_{kind}")

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        model, voice = self._asked(request)
        assert self._cancellable is not None
        settings = {**self._spec.parameters, **request.parameters}
        for number, piece in enumerate(pieces(request.text, model.longest)):
            if not any(letter.isalnum() for letter in piece):
                continue
            threads = self._threads if request.share.is_whole else 1
            with self._cancellable.watching(request.cancel), running(threads):
                set_chance(self._seed(request, number))
                samples = model.speak(piece, request, settings)
            yield Audio(samples, voice.rate)

    def unload(self) -> None:
        super().unload()
        self._cancellable = None

    def _make_ready(self, model: WholeFamily) -> None:
        self._cancellable = CancellableModules(model.stages)
        if (kind := (model.folder.kind, model.device.type)) not in _WARM:
            with running(self._threads):
                model.warm_up()
            _WARM.add(kind)


ENGINE = TransformersEngine
