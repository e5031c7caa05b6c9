"""Makes a model of the transformers library from its folder, reading its weights as fast as memory can be written.

`from_pretrained` maps the files into memory, so that the first sentence reads them, and spends more time on
names than a small model needs to be read. Where the files have just the weights that the model wants, these are put in
place at once; everything else is left to the library.
"""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import EngineError
from .checkpoint import float_types, read_tensors
from .folder import ModelFolder

if TYPE_CHECKING:
    import torch


def load_model(model_class: Any, folder: ModelFolder, dtype: torch.dtype, without: tuple[str, ...] = ()) -> Any:
    """A model on the processor, ready to speak; `without` are the beginnings of names of weights that it leaves."""
    if missing := folder.missing():
        raise EngineError(missing, "model_missing")
    try:
        config = model_class.config_class.from_pretrained(folder.path, local_files_only=True)
        # What a model does besides in a loader of its own has to be done.
        is_plain = "from_pretrained" not in vars(model_class)
        tensors = _tensors(folder, dtype, without) if is_plain else None
        model = _place(model_class, config, tensors, dtype) if tensors else None
        if model is None:
            model = _from_pretrained(model_class, config, folder, tensors, dtype)
    except (pickle.UnpicklingError, EOFError):
        names = " or ".join(file.name for file in folder.weights())
        text = f"{names} in {folder.path} is damaged or holds more than weights; take a model with .safetensors files"
        raise EngineError(text, "model_missing") from None
    except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        if _is_about_memory(error):
            raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise EngineError(_misfit(folder, reason), "model_missing") from error
    if is_plain and model.can_generate() and (folder.path / "generation_config.json").is_file():
        generation: Any = importlib.import_module("transformers.generation.configuration_utils")
        model.generation_config = generation.GenerationConfig.from_pretrained(folder.path, local_files_only=True)
    return model.eval().requires_grad_(False)


def _tensors(folder: ModelFolder, dtype: torch.dtype, without: tuple[str, ...]) -> dict[str, torch.Tensor] | None:
    """What is in the files, or None where that is not what the model needs in memory."""
    files = folder.weights()
    if any(file.suffix != ".safetensors" for file in files) or not float_types(files) <= {dtype}:
        return None
    # A file is read whole; the library reads only what the model has.
    if without and any(name.startswith(without) for name in _names(files)):
        return None
    return read_tensors(files)


def _names(files: Iterable[Path]) -> Iterator[str]:
    import safetensors

    for file in files:
        with safetensors.safe_open(file, "pt") as content:
            yield from content.keys()


def _place(model_class: Any, config: Any, tensors: dict[str, torch.Tensor], dtype: torch.dtype) -> Any:
    """The model with these tensors as its weights, or None when they are not just what it needs."""
    initialization: Any = importlib.import_module("transformers.initialization")
    with initialization.no_init_weights():
        # Not on the meta device: buffers that are in no file are computed here, and memory that nobody writes is free.
        model = model_class._from_config(copy.deepcopy(config), dtype=dtype)
    try:
        result = model.load_state_dict(dict(tensors), strict=False, assign=True)
    except RuntimeError:
        # The library may know better what these files mean, or else says what is wrong with them.
        return None
    missing = set(result.missing_keys)
    model.tie_weights(missing_keys=missing)
    return None if missing or result.unexpected_keys else model


def _from_pretrained(
    model_class: Any, config: Any, folder: ModelFolder, tensors: dict[str, torch.Tensor] | None, dtype: torch.dtype
) -> Any:
    source = {"pretrained_model_name_or_path": folder.path} if tensors is None else {"state_dict": tensors}
    model, found = model_class.from_pretrained(
        **{"pretrained_model_name_or_path": None, **source},
        config=config,
        dtype=dtype,
        local_files_only=True,
        use_safetensors=all(file.suffix == ".safetensors" for file in folder.weights()),
        weights_only=True,
        output_loading_info=True,
    )
    if wrong := sorted(map(str, (*found["missing_keys"], *found["mismatched_keys"]))):
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise EngineError(_misfit(folder, f"they lack {wrong[0]}{more}"), "model_missing")
    return model


def _misfit(folder: ModelFolder, reason: str) -> str:
    return f"The weights in {folder.path} do not fit its config.json ({reason}); download the model again"


def _is_about_memory(error: Exception) -> bool:
    return any(word in str(error).lower() for word in ("out of memory", "allocate memory"))
