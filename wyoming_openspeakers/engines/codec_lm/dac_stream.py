"""A DAC's decoder that is given its input bit by bit, and makes of it exactly what it would make of all at once.

Each convolution keeps what the next steps depend on, and gives what it knows for certain. So nothing is computed twice
and chunks may be cut anywhere; the sound only comes as much later as the decoder looks ahead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class _Step(ABC):
    """A part of the decoder with what it remembers of one stream."""

    def lag(self, before: int) -> int:
        """How far its output stays behind its input, in its own steps, when the input stays behind by `before`."""
        return before

    @abstractmethod
    def __call__(self, x: torch.Tensor, is_last: bool) -> torch.Tensor:
        """What is certain with this input."""


class _Pointwise(_Step):
    """An activation."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __call__(self, x: torch.Tensor, is_last: bool) -> torch.Tensor:
        if not x.shape[-1]:
            return x
        after: torch.Tensor = self._module(x)
        return after


class _Convolution(_Step):
    """A convolution that looks as far ahead as back."""

    def __init__(self, module: Any) -> None:
        (kernel,), (dilation,), (padding,) = module.kernel_size, module.dilation, module.padding
        self._dilation, self._padding = int(dilation), int(padding)
        self._reach = (kernel - 1) * self._dilation
        self._module = module
        self._before: torch.Tensor | None = None

    def lag(self, before: int) -> int:
        return before + self._padding

    def __call__(self, x: torch.Tensor, is_last: bool) -> torch.Tensor:
        import torch

        module = self._module
        if self._reach:
            x = torch.cat(self._surrounded(x, is_last), dim=-1)
            self._before = x[..., max(0, x.shape[-1] - self._reach) :]
        if x.shape[-1] <= self._reach:
            return x.new_zeros(x.shape[0], module.out_channels, 0)
        return torch.nn.functional.conv1d(x, module.weight, module.bias, dilation=self._dilation)

    def _surrounded(self, x: torch.Tensor, is_last: bool) -> list[torch.Tensor]:
        """Input between what came before it and what comes after it: silence at both ends."""
        silence = x.new_zeros(*x.shape[:-1], self._padding) if is_last or self._before is None else x
        before = silence if self._before is None else self._before
        return [before, x, silence] if is_last else [before, x]


class _Longer(_Step):
    """A convolution that makes several steps of one, of each and the one before it."""

    def __init__(self, module: Any) -> None:
        (kernel,), (stride,), (padding,) = module.kernel_size, module.stride, module.padding
        assert kernel == 2 * stride
        self._stride, self._padding = int(stride), int(padding)
        self._cut = self._padding - int(module.output_padding[0])
        """Steps at the end that are not wanted."""

        self._module = module
        self._before: torch.Tensor | None = None

    def lag(self, before: int) -> int:
        return before * self._stride + self._padding

    def __call__(self, x: torch.Tensor, is_last: bool) -> torch.Tensor:
        import torch

        module, stride = self._module, self._stride
        is_first = self._before is None
        if is_last:
            x = torch.nn.functional.pad(x, (0, 1))
        count = x.shape[-1]
        if not count:
            return x.new_zeros(x.shape[0], module.out_channels, 0)
        x = torch.nn.functional.pad(x, (1, 0)) if self._before is None else torch.cat([self._before, x], dim=-1)
        self._before = x[..., -1:]
        after = torch.nn.functional.conv_transpose1d(x, module.weight, module.bias, stride)
        begin = stride + (self._padding if is_first else 0)
        end = (count + 1) * stride - (self._cut if is_last else 0)
        return after[..., begin:end]


class _Residual(_Step):
    """Some steps whose output is added to their input."""

    def __init__(self, steps: list[_Step]) -> None:
        self._steps = steps
        self._waiting: torch.Tensor | None = None

    def lag(self, before: int) -> int:
        return _lag(self._steps, before)

    def __call__(self, x: torch.Tensor, is_last: bool) -> torch.Tensor:
        import torch

        waiting = x if self._waiting is None else torch.cat([self._waiting, x], dim=-1)
        change = _through(self._steps, x, is_last)
        known = change.shape[-1]
        self._waiting = waiting[..., known:]
        return waiting[..., :known] + change


class DacStream:
    """One stream through the library's DacDecoder."""

    def __init__(self, decoder: Any) -> None:
        self._steps = _steps(decoder)
        self._is_begun = False
        self.lag = _lag(self._steps, 0)
        """Samples that it stays behind."""

    def push(self, x: torch.Tensor, is_last: bool = False) -> torch.Tensor:
        """The samples that are certain with this input; with the last of it, all."""
        self._is_begun = self._is_begun or bool(x.shape[-1])
        # Of nothing comes nothing, not the sound of the silence around it.
        return _through(self._steps, x, is_last) if self._is_begun else x[:, :1]


def _steps(decoder: Any) -> list[_Step]:
    steps: list[_Step] = [_Convolution(decoder.conv1)]
    for block in decoder.block:
        steps += [_Pointwise(block.snake1), _Longer(block.conv_t1)]
        for unit in (block.res_unit1, block.res_unit2, block.res_unit3):
            inner = [_Pointwise(unit.snake1), _Convolution(unit.conv1), _Pointwise(unit.snake2),
                     _Convolution(unit.conv2)]  # fmt: skip
            steps.append(_Residual(inner))
    return [*steps, _Pointwise(decoder.snake1), _Convolution(decoder.conv2), _Pointwise(decoder.tanh)]


def _through(steps: list[_Step], x: torch.Tensor, is_last: bool) -> torch.Tensor:
    for step in steps:
        x = step(x, is_last)
    return x


def _lag(steps: list[_Step], before: int) -> int:
    for step in steps:
        before = step.lag(before)
    return before
