"""What a voice is made of before mouth and nose form it: harmonics of its pitch, and breath."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .layers import Part

if TYPE_CHECKING:
    import torch

RATE = 24_000
HARMONICS = 9
LOUDNESS = 0.1
BREATH = LOUDNESS / 3
"""Where there is no voice."""

HOARSENESS = 0.003
VOICED = 10
"""Hertz from which on there is a voice."""


def excitation(part: Part, pitch: torch.Tensor, hop: int, generator: torch.Generator) -> torch.Tensor:
    """So many samples for each pitch in hertz, of shape (1, 1, pitches)."""
    import torch
    from torch.nn import functional

    harmonics = torch.arange(1, HARMONICS + 1, device=pitch.device, dtype=pitch.dtype)[:, None]
    turns = pitch * harmonics / RATE % 1
    phase = turns.cumsum(dim=-1) * (2 * math.pi) * hop
    sines = functional.interpolate(phase, scale_factor=float(hop), mode="linear").sin_()
    voiced = (pitch > VOICED).to(pitch.dtype).repeat_interleave(hop, dim=-1)
    noise = torch.randn(
        (1, sines.shape[-1], HARMONICS), device=pitch.device, dtype=pitch.dtype, generator=generator
    ).transpose(1, 2)
    waves = sines * LOUDNESS * voiced + noise * (HOARSENESS * voiced + BREATH * (1 - voiced))
    return part.at("l_linear").linear(waves.transpose(1, 2)).tanh()[..., 0]
