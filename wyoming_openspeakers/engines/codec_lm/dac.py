"""DAC: the codec of full-band sound that Dia says the codes of, as the transformers library has it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import ModelSpec, Samples
from ..torch.family import library
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .dac_stream import DacStream

if TYPE_CHECKING:
    import torch

FOLDERS = ("dac", "dac_44khz", "codec")
"""Where its files are looked for below a model's folder."""

RATE = 44_100


class Dac:
    """A DAC in memory. It looks as far ahead as back."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.rate = int(module.config.sampling_rate)
        self.samples = math.prod(module.config.upsampling_ratios)
        """Samples of a frame."""
        self.reach = math.ceil(DacStream(module.decoder).lag / self.samples)
        """Frames on each side that a frame's sound depends on."""

    @property
    def watched(self) -> list[Any]:
        """What runs long enough to look before it whether it is still wanted."""
        return [unit for part in (self.module.encoder, self.module.decoder) for unit in _units(part.block)]

    def encode(self, samples: Samples, device: torch.device) -> torch.Tensor:
        """The frames of a recording at the codec's rate; the last one is filled up with silence."""
        import torch

        whole = np.pad(samples, (0, -len(samples) % self.samples))
        values = torch.from_numpy(whole).to(device)[None, None]
        codes: torch.Tensor = self.module.encode(values).audio_codes[0].T
        return codes.cpu()


def find_dac(spec: ModelSpec) -> ModelFolder | None:
    """The codec's folder: below one of the model's, or one of them."""
    places = [ModelFolder(Path(path) / name) for path in spec.paths for name in ("", *FOLDERS)]
    return next((place for place in places if place.kind == "dac"), None)


def misfit(folder: ModelFolder, books: int, codes: int) -> str | None:
    """Why a codec is not the one for a model that says so many codes of so many books, or None."""
    has = folder.config
    ratios = has.get("downsampling_ratios") or ()
    # Those for less than the full band have an odd one, and otherwise look the same.
    fits = all(ratio % 2 == 0 for ratio in ratios)
    if fits and int(has.get("n_codebooks", 9)) >= books and int(has.get("codebook_size", 1024)) >= codes:
        return None
    return f"The DAC in {folder.path} is not the one that this model speaks with: take descript/dac_44khz"


def load_dac(folder: ModelFolder) -> Dac:
    """The codec on the processor, in 32 bits: it is small, and would be heard to round."""
    import torch

    return Dac(load_model(library("models.dac.modeling_dac").DacModel, folder, torch.float32))


def _units(blocks: Iterable[Any]) -> list[Any]:
    return [part for block in blocks for part in block.children()]
