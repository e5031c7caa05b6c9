"""A network's weights by their names, and the plain layers that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SLICE = 1 << 12
"""Frames that a convolution makes at once on a processor: nobody waits longer for it to stop."""


class Weights:
    """All weights of a network, and whether whoever listens wants it to go on."""

    def __init__(self, tensors: Mapping[str, torch.Tensor]) -> None:
        from torch import nn

        self.named = {name: nn.Parameter(tensor, requires_grad=False) for name, tensor in tensors.items()}
        self.module = nn.ParameterList(self.named.values())
        """All of them, to be moved together."""
        self.check: Callable[[], None] = _go_on

    @contextmanager
    def checking(self, check: Callable[[], None]) -> Iterator[None]:
        """Have something called before each layer, which may raise."""
        self.check = check
        try:
            yield
        finally:
            self.check = _go_on

    def part(self, name: str) -> Part:
        """What is below a name."""
        return Part(self, f"{name}.")


class Part:
    """The weights below a name: of a layer, or of layers below."""

    def __init__(self, weights: Weights, prefix: str) -> None:
        self._weights = weights
        self._prefix = prefix

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._weights.named[self._prefix + name]

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._weights.named

    def at(self, *names: object) -> Part:
        """A layer further down."""
        return Part(self._weights, self._prefix + "".join(f"{name}." for name in names))

    def each(self, name: str) -> Iterator[Part]:
        """The layers of a list, in its order."""
        prefix = f"{self._prefix}{name}."
        count = 1 + max((int(key[len(prefix) :].partition(".")[0]) for key in self._weights.named
                         if key.startswith(prefix)), default=-1)  # fmt: skip
        return (self.at(name, number) for number in range(count))

    def linear(self, x: torch.Tensor) -> torch.Tensor:
        """All of the input to all of the output."""
        from torch.nn import functional

        self._weights.check()
        return functional.linear(x, self["weight"], self._bias)

    def convolved(self, x: torch.Tensor, **options: Any) -> torch.Tensor:
        """A convolution over time."""
        from torch.nn import functional

        self._weights.check()
        return functional.conv1d(x, self["weight"], self._bias, **options)

    def convolved_alike(self, x: torch.Tensor, dilation: int = 1) -> torch.Tensor:
        """A convolution that makes as many frames as it is given."""
        import torch
        from torch.nn import functional

        reach = (self["weight"].shape[-1] - 1) // 2 * dilation
        if x.device.type != "cpu" or x.shape[-1] <= SLICE:
            return self.convolved(x, padding=reach, dilation=dilation)
        padded = functional.pad(x, (reach, reach))
        slices = (padded[..., begin : begin + SLICE + 2 * reach] for begin in range(0, x.shape[-1], SLICE))
        return torch.cat([self.convolved(part, dilation=dilation) for part in slices], dim=-1)

    def convolved_longer(self, x: torch.Tensor, **options: Any) -> torch.Tensor:
        """A convolution that makes several frames of each."""
        from torch.nn import functional

        self._weights.check()
        return functional.conv_transpose1d(x, self["weight"], self._bias, **options)

    def remembered(self, x: torch.Tensor) -> torch.Tensor:
        """An LSTM in both directions; time is the second dimension."""
        import torch

        self._weights.check()
        names = [
            f"{kind}_{side}_l0{direction}"
            for direction in ("", "_reverse")
            for kind, side in (("weight", "ih"), ("weight", "hh"), ("bias", "ih"), ("bias", "hh"))
        ]
        parameters = [self[name] for name in names]
        start = x.new_zeros(2, x.shape[0], parameters[1].shape[1])
        bias, train, both_ways, batch_first = True, False, True, True
        made: torch.Tensor = torch.lstm(x, (start, start), parameters, bias, 1, 0.0, train, both_ways, batch_first)[0]
        return made

    @property
    def _bias(self) -> torch.Tensor | None:
        return self._weights.named.get(f"{self._prefix}bias")


def _go_on() -> None:
    """Nobody has to be asked."""
