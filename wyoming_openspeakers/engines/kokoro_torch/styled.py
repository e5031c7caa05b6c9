"""Blocks of layers that a voice's style goes into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .layers import Part

if TYPE_CHECKING:
    import torch

SLOPE = 0.2
HALF_THE_POWER = 0.5**0.5
"""Two signals are added that are as loud as their sum is to be."""


def normed(part: Part, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Each channel over time as loud and as high as the style wants it."""
    from torch.nn import functional

    scale, shift = part.at("fc").linear(style)[0].chunk(2)
    scale = 1 + scale
    if "norm.weight" in part:
        shift = shift + scale * part["norm.bias"]
        scale = scale * part["norm.weight"]
    return functional.instance_norm(x, weight=scale, bias=shift)


def residual(part: Part, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Two convolutions and a way around them; some make two frames of each."""
    from torch.nn import functional

    y = functional.leaky_relu(normed(part.at("norm1"), x, style), SLOPE)
    if "pool.weight" in part:
        y = part.at("pool").convolved_longer(y, stride=2, padding=1, output_padding=1, groups=y.shape[1])
        x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
    y = part.at("conv1").convolved(y, padding=1)
    y = functional.leaky_relu(normed(part.at("norm2"), y, style), SLOPE)
    y = part.at("conv2").convolved(y, padding=1)
    if "conv1x1.weight" in part:
        x = part.at("conv1x1").convolved(x)
    return (x + y) * HALF_THE_POWER


def snaked(part: Part, x: torch.Tensor, style: torch.Tensor, dilations: Sequence[int]) -> torch.Tensor:
    """Pairs of convolutions whose activation is periodic, as sound is; each is added to what it was given."""
    for number, dilation in enumerate(dilations):
        y = _snake(normed(part.at("adain1", number), x, style), part.at("alpha1")[str(number)])
        y = part.at("convs1", number).convolved_alike(y, dilation)
        y = _snake(normed(part.at("adain2", number), y, style), part.at("alpha2")[str(number)])
        x = x + part.at("convs2", number).convolved_alike(y)
    return x


def _snake(x: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    return (alpha * x).sin_().square_().div_(alpha).add_(x)
