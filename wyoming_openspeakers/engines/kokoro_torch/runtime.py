"""Kokoro on PyTorch as its engine sees it: loaded, heard, parked, gone."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Samples
from ..control import Cancelled
from ..torch.cancel import CancellableModules
from ..torch.family import to_samples
from ..torch.folder import ModelFolder
from ..torch.running import be_quiet, find_device, running, threads_for
from ..torch.sampling import generator_of
from ..torch.weights import TorchWeights
from .checkpoint import read_weights
from .network import Network

if TYPE_CHECKING:
    import torch

PACKAGES = ("torch", "transformers", "safetensors")
SECTIONS = ("vocab", "istftnet", "plbert", "n_token", "style_dim")
"""What its config.json says."""

LONGEST = 510
"""Phonemes that it was made for at once."""

LONGEST_ON_PROCESSOR = 150
"""There they are ten seconds, of which no step takes long enough to keep anybody waiting."""

_POLL = 0.001
"""Seconds between two looks whether a GPU has done its work."""


def find_weights(spec: ModelSpec) -> Path | None:
    """The author's file in the first folder that has one, or has it in the folder `torch` below."""
    places = (place for folder in spec.paths for place in (Path(folder), Path(folder, "torch")))
    return next((path for place in places for path in sorted(place.glob("kokoro-v*.pth"))), None)


def settings_of(weights: Path) -> Mapping[str, Any] | None:
    """The config.json beside the weights; None where it is not there or not the author's."""
    config = ModelFolder(weights.parent).config
    return config if all(section in config for section in SECTIONS) else None


class TorchRuntime:
    """The network on a device."""

    def __init__(self, spec: ModelSpec, device: str) -> None:
        file = find_weights(spec)
        assert file is not None
        config = settings_of(file)
        assert config is not None
        self._device = find_device(device)
        self.longest = LONGEST_ON_PROCESSOR if self._device.type == "cpu" else LONGEST
        self._threads = threads_for(spec)
        self.alphabet: dict[str, int] = dict(config["vocab"])
        be_quiet()
        # They lie as the GPU's memory wants them, not one after the other.
        warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")
        self._network = _network(config, read_weights(file, spec.cache_path), file)
        self._watched = CancellableModules([self._network.bert])
        self._weights = TorchWeights(self._network.stages, self._device)
        if self._device.type != "cpu":
            self._weights.unpark()
        with _misfits(file):
            # Every weight is used.
            self.sound([1, 2, 3], _no_style(config), EngineRequest("", ""))

    def sound(self, ids: Sequence[int], style: Samples, request: EngineRequest, number: int = 0) -> Samples:
        """The sound of a piece of a request, of which it is to be said as which number."""
        import torch

        def check() -> None:
            if request.cancel:
                raise Cancelled

        seed = None if request.seed is None else (request.seed + number) % (1 << 63)
        threads = self._threads if request.share.is_whole else 1
        with self._watched.watching(request.cancel), running(threads):
            self._weights.wait()
            styles = torch.from_numpy(style)[None].to(self._device)
            made = self._network.sound(ids, styles, request.speed, generator_of(self._device, seed), check)
            self._await(check)
            return to_samples(made)

    def park(self) -> None:
        """Move the weights to host memory."""
        if self._device.type != "cpu":
            self._weights.park()

    def unpark(self) -> None:
        """Move them back."""
        if self._device.type != "cpu":
            self._weights.unpark()

    def close(self) -> None:
        """Give back all memory."""
        self._weights.close()

    def _await(self, check: Callable[[], None]) -> None:
        """Wait for a GPU, which can be told to do seconds of work in no time, and go away when nobody listens."""
        import torch

        if self._device.type != "cuda":
            return
        done = torch.cuda.Event()
        done.record()
        while not done.query():
            check()
            time.sleep(_POLL)


def _no_style(config: Mapping[str, Any]) -> Samples:
    return np.zeros(2 * int(config["style_dim"]), np.float32)


def _network(config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], file: Path) -> Network:
    with _misfits(file):
        return Network(config, tensors)


@contextmanager
def _misfits(file: Path) -> Iterator[None]:
    """Say it in a sentence when the weights are not those that config.json tells of."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        if "out of memory" in str(error).lower():
            raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        text = f"The weights in {file} do not fit its config.json ({reason}); download the model again"
        raise EngineError(text, "model_missing") from error
