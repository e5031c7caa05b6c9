"""How a text is said: how long each phoneme is, how high and how loud the voice is meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layers import Part
from .styled import residual

if TYPE_CHECKING:
    import torch


class Prosody:
    """What the network calls its predictor."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def told(self, text: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """What is known of each phoneme, with the style."""
        import torch
        from torch.nn import functional

        styles = style[:, None].expand(-1, text.shape[1], -1)
        x = torch.cat([text, styles], dim=-1)
        layers = list(self._part.at("text_encoder").each("lstms"))
        for lstm, norm in zip(layers[::2], layers[1::2], strict=True):
            x = lstm.remembered(x)
            scale, shift = norm.at("fc").linear(style)[:, None].chunk(2, dim=-1)
            x = (1 + scale) * functional.layer_norm(x, x.shape[-1:]) + shift
            x = torch.cat([x, styles], dim=-1)
        return x

    def lengths(self, told: torch.Tensor, speed: float) -> torch.Tensor:
        """Frames of each phoneme."""
        x = self._part.at("lstm").remembered(told)
        expected = self._part.at("duration_proj", "linear_layer").linear(x).sigmoid().sum(dim=-1)[0]
        return (expected / speed).round().clamp(min=1).long()

    def melody(self, told: torch.Tensor, style: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pitch in hertz and loudness, twice for each frame, from what is known of each frame."""
        x = self._part.at("shared").remembered(told).transpose(1, 2)
        return self._curve("F0", x, style), self._curve("N", x, style)

    def _curve(self, name: str, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        for block in self._part.each(name):
            x = residual(block, x, style)
        return self._part.at(f"{name}_proj").convolved(x)


def pronounced(part: Part, ids: torch.Tensor) -> torch.Tensor:
    """What each phoneme sounds like, by its neighbours."""
    from torch.nn import functional

    x = functional.embedding(ids, part["embedding.weight"]).transpose(1, 2)
    for layer in part.each("cnn"):
        convolution, norm = layer.at(0), layer.at(1)
        x = convolution.convolved_alike(x).transpose(1, 2)
        x = functional.layer_norm(x, x.shape[-1:], norm["gamma"], norm["beta"]).transpose(1, 2)
        x = functional.leaky_relu(x, 0.2)
    return part.at("lstm").remembered(x.transpose(1, 2)).transpose(1, 2)
