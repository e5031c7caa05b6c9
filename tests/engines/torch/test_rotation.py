"""Queries and keys are turned as the library turns them."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra [torch] is not installed")
pytest.importorskip("transformers", reason="the extra [torch] is not installed")

from transformers import LlamaConfig  # noqa: E402 - only where it is installed
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb  # noqa: E402 - the same

from wyoming_openspeakers.engines.torch.rotation import Rotations  # noqa: E402 - the same

HEADS, WIDTH, ROOM = 3, 8, 20


@pytest.mark.parametrize("place", [slice(0, 1), slice(7, 8), torch.tensor([19])])
def test_heads_are_turned_as_by_the_library(place: Any) -> None:
    rotary = LlamaRotaryEmbedding(LlamaConfig(hidden_size=HEADS * WIDTH, num_attention_heads=HEADS, head_dim=WIDTH))
    heads = torch.randn(1, HEADS, 1, WIDTH)
    cosines, sines = rotary(heads, torch.arange(ROOM)[place][None])
    wanted, _ = apply_rotary_pos_emb(heads, heads, cosines, sines)
    turned = heads[0, :, 0] @ Rotations(rotary, heads, ROOM).at(place)
    torch.testing.assert_close(turned, wanted[0, :, 0])
