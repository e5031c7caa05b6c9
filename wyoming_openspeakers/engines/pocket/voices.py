"""Pocket-TTS' voices: what the model has heard before it speaks, as latents or as what its layers keep of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..base import EngineError
from ..torch.checkpoint import read_tensors

if TYPE_CHECKING:
    import torch

_LAYER = re.compile(r"(?:.*\D)?(?P<layer>\d+)\D*?\b(?P<what>key|value)s?\b.*|(?P<what2>key|value)s?\D+(?P<layer2>\d+)")


@dataclass(frozen=True)
class Heard:
    """What each layer keeps of a voice: keys and values, in the host's memory."""

    layers: Sequence[tuple[torch.Tensor, torch.Tensor]]


def read_voice(file: Path, latent: int, layers: int) -> torch.Tensor | Heard:
    """A voice's latents, of shape (frames, latent), or what its layers keep."""
    tensors = read_tensors([file])
    if len(tensors) == 1:
        (latents,) = tensors.values()
        if latents.shape[-1] == latent:
            return latents.reshape(-1, latent).float()
    heard = _layers(tensors)
    if len(heard) != layers or any(pair.keys() != {"key", "value"} for pair in heard.values()):
        shapes = ", ".join(sorted({str(list(tensor.shape)) for tensor in tensors.values()})[:3])
        text = f"{file} is no voice of this model ({len(tensors)} tensors of {shapes}); download the model again"
        raise EngineError(text, "model_missing")
    return Heard([(heard[layer]["key"].float(), heard[layer]["value"].float()) for layer in sorted(heard)])


def _layers(tensors: Mapping[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    found: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if (match := _LAYER.fullmatch(name)) and tensor.ndim == 4:
            layer = int(match["layer"] or match["layer2"])
            found.setdefault(layer, {})[match["what"] or match["what2"]] = tensor
    return found
