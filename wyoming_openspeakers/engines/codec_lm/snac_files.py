"""Finds and reads a SNAC in the hub's layout."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..base import EngineError, ModelSpec
from ..torch.checkpoint import read_tensors
from ..torch.folder import ModelFolder

if TYPE_CHECKING:
    import torch

    from .snac import Snac

FOLDERS = ("snac", "snac_24khz", "codec")
"""Where its files are looked for below a model's folder."""

WANTED = ("quantizer.", "decoder.")
"""What the names of a decoder's weights begin with."""

UNUSED = ".in_proj."
"""In the names of those that only encode."""


def find_snac(spec: ModelSpec) -> ModelFolder | None:
    """The codec's folder: below one of the model's, or one of them."""
    places = [ModelFolder(Path(path) / name) for path in spec.paths for name in ("", *FOLDERS)]
    return next((place for place in places if "vq_strides" in place.config), None)


def load_snac(folder: ModelFolder) -> Snac:
    """The codec on the processor, in 32 bits: it is small, and loud where it rounds."""
    from .snac import Snac

    if missing := folder.missing():
        raise EngineError(missing, "model_missing")
    if folder.config.get("attn_window_size"):
        text = f"The SNAC in {folder.path} has attention; take hubertsiuzdak/snac_24khz"
        raise EngineError(text, "model_missing")
    try:
        return Snac(folder.config, _plain(_read(folder)))
    except pickle.UnpicklingError:
        text = f"The SNAC in {folder.path} holds more than weights; download it again"
        raise EngineError(text, "model_missing") from None
    except (EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        text = f"The SNAC in {folder.path} is damaged ({str(error).partition(chr(10))[0]}); download it again"
        raise EngineError(text, "model_missing") from error


def _read(folder: ModelFolder) -> Mapping[str, torch.Tensor]:
    import torch

    files = folder.weights()
    if files[0].suffix == ".safetensors":
        return read_tensors(files)
    tensors: Mapping[str, torch.Tensor] = torch.load(files[0], map_location="cpu", weights_only=True)
    return tensors


def _plain(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The decoder's weights; those that are kept as lengths and directions are multiplied out."""
    import torch

    plain = {}
    for name, tensor in tensors.items():
        if not name.startswith(WANTED) or UNUSED in name:
            continue
        for length, direction in ((".parametrizations.weight.original0", ".parametrizations.weight.original1"),
                                  (".weight_g", ".weight_v")):  # fmt: skip
            if name.endswith(length):
                way = tensors[name.removesuffix(length) + direction].float()
                norm = torch.linalg.vector_norm(way, dim=(1, 2), keepdim=True)
                plain[name.removesuffix(length) + ".weight"] = way * (tensor.float() / norm)
                break
            if name.endswith(direction):
                break
        else:
            plain[name] = tensor.float()
    return plain
