"""Reads Kokoro's weights from the author's file, which is a pickle, and keeps them as one that is read at once."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..base import EngineError
from ..revision import revision
from ..torch.checkpoint import read_tensors

if TYPE_CHECKING:
    import torch

PARTS = ("bert", "bert_encoder", "predictor", "decoder", "text_encoder")

_LENGTHS = (".parametrizations.weight.original0", ".weight_g")
_DIRECTIONS = (".parametrizations.weight.original1", ".weight_v")
"""How weights are named that are stored as a length and a direction, by newer and by older versions of torch."""

_UNUSED = ("bert.pooler.", "bert.embeddings.position_ids", "bert.embeddings.token_type_ids")


def read_weights(file: Path, cache: str | None) -> dict[str, torch.Tensor]:
    """All weights by name. They are kept in the folder `cache`, where the next time finds them."""
    kept = Path(cache, f"{file.stem}-{revision(file)}.safetensors") if cache else None
    if kept is not None and kept.is_file():
        with contextlib.suppress(EngineError):
            return read_tensors([kept])
    tensors = unpickled(file)
    if kept is not None:
        _keep(tensors, kept, file)
    return tensors


def unpickled(file: Path) -> dict[str, torch.Tensor]:
    """The weights in the author's file, which may hold nothing else."""
    import torch

    try:
        parts = torch.load(file, map_location="cpu", weights_only=True)
        if not isinstance(parts, dict) or not parts.keys() >= set(PARTS):
            raise ValueError(f"it has not all of {', '.join(PARTS)}")
        named = {
            f"{part}.{name.removeprefix('module.')}": tensor for part in PARTS for name, tensor in parts[part].items()
        }
        return whole({name: tensor for name, tensor in named.items() if not name.startswith(_UNUSED)})
    except (ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
            pickle.UnpicklingError) as error:  # fmt: skip
        # The library goes on at length about what may have happened.
        reason = (str(error).strip() or type(error).__name__).partition("\n")[0].partition(". ")[0]
        text = f"{file} is damaged or is no Kokoro ({reason}); download the model again"
        raise EngineError(text, "model_missing") from None


def whole(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights with each length put to its direction, as numbers of 32 bits."""
    found = {}
    for name, tensor in tensors.items():
        if name.endswith(_DIRECTIONS):
            continue
        ending = next((ending for ending in _LENGTHS if name.endswith(ending)), None)
        if ending is None:
            found[name] = tensor.float().contiguous()
            continue
        stem = name.removesuffix(ending)
        direction = tensors[stem + _DIRECTIONS[_LENGTHS.index(ending)]].float()
        length = direction.flatten(1).norm(dim=1).view(-1, 1, 1)
        found[f"{stem}.weight"] = (direction * (tensor.float() / length)).contiguous()
    return found


def _keep(tensors: dict[str, torch.Tensor], place: Path, file: Path) -> None:
    """Write the weights down; without room for them the next time takes longer."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, unfinished)
        for old in place.parent.glob(f"{file.stem}-*.safetensors"):
            old.unlink(missing_ok=True)
        unfinished.replace(place)
    except (OSError, SafetensorError):
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
