"""In place of a GPU's graph, on the processor: what work does is taken on a tape without being done, and played again.

Like such a graph it knows addresses and numbers and nothing of Python. What it cannot do either is an error: to draw by
chance, to wait until a number is known, to take one from Python's memory, or to read memory that was given back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

Work = Callable[[], Any]

_WAITING = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "unique_consecutive", "_unique2")
_FROM_PYTHON = ("lift_fresh", "lift_fresh_copy")


def capture(work: Work) -> Work:
    """What does the same as work, with what is then in the memory that it used."""
    tape = _Tape()
    try:
        with tape:
            made = work()
    finally:
        tape.undo()

    def again() -> Any:
        tape.play()
        # Here the way to the host is no copy, as it is from a GPU.
        return tree_map(lambda part: part.clone() if isinstance(part, torch.Tensor) else part, made)

    return again


@dataclass(frozen=True)
class _Place:
    """A tensor in memory that was there before, which the tape does not keep."""

    storage: StorageWeakRef
    dtype: torch.dtype
    offset: int
    size: torch.Size
    stride: tuple[int, ...]

    def tensor(self) -> torch.Tensor:
        storage = torch.UntypedStorage._new_with_weak_ptr(self.storage.cdata)
        assert storage is not None, "it reads memory that was given back"
        return torch.empty(0, dtype=self.dtype).set_(storage, self.offset, self.size, self.stride)


class _Tape(TorchDispatchMode):  # type: ignore[misc]  # torch is not read whole
    def __init__(self) -> None:
        super().__init__()
        self._calls: list[tuple[Any, Any, Any, list[torch.Tensor]]] = []
        self._own: dict[int, torch.UntypedStorage] = {}
        self._before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, call: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = options or {}
        _check(call, arguments)
        given = (*arguments, *(options.get(argument.name) for argument in call._schema.arguments[len(arguments) :]))
        for argument, value in zip(call._schema.arguments, given, strict=True):
            if argument.alias_info is not None and argument.alias_info.is_write:
                for tensor in tree_leaves(value):
                    self._keep(tensor)
        taken = tree_map(self._taken, (arguments, options))
        made = call(*arguments, **options)
        outputs = [tensor for tensor in tree_leaves(made) if isinstance(tensor, torch.Tensor)]
        aliases = any(returned.alias_info is not None for returned in call._schema.returns)
        if not aliases:
            self._own |= {tensor.untyped_storage()._cdata: tensor.untyped_storage() for tensor in outputs}
        is_view = aliases and not any(returned.alias_info.is_write for returned in call._schema.returns)
        if not is_view:
            self._calls.append((call, *taken, [] if aliases else outputs))
        return made

    def play(self) -> None:
        """Do all that was taken."""
        for call, arguments, options, outputs in self._calls:
            there_again = [_there(part) for part in (arguments, options)]
            made = call(*there_again[0], **there_again[1])
            if outputs:
                for output, again in zip(outputs, tree_leaves(made), strict=True):
                    output.copy_(again)

    def undo(self) -> None:
        """Have what was there before as it was."""
        for storage, before in self._before.values():
            storage.copy_(before)
        self._before = {}

    def _keep(self, tensor: Any) -> None:
        if isinstance(tensor, torch.Tensor):
            storage = tensor.untyped_storage()
            if storage._cdata not in self._own and storage._cdata not in self._before:
                self._before[storage._cdata] = storage, storage.clone()

    def _taken(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or value.untyped_storage()._cdata in self._own:
            return value
        storage = StorageWeakRef(value.untyped_storage())
        return _Place(storage, value.dtype, value.storage_offset(), value.size(), value.stride())


def _there(values: Any) -> Any:
    return tree_map(lambda value: value.tensor() if isinstance(value, _Place) else value, values)


def _check(call: Any, arguments: Any) -> None:
    name = call.overloadpacket.__name__
    # Attention would draw only what it drops, which is nothing here.
    if torch.Tag.nondeterministic_seeded in call.tags and "attention" not in name:
        raise RuntimeError(f"{name} draws by chance")
    # How many are true is not known before it was counted.
    places = arguments[1] if name.startswith("index") and isinstance(arguments[1], (list, tuple)) else []
    if name in _WAITING or any(isinstance(place, torch.Tensor) and place.dtype is torch.bool for place in places):
        raise RuntimeError(f"{name} waits for a number")
    if name in _FROM_PYTHON:
        raise RuntimeError(f"{name} takes a number from Python's memory")
