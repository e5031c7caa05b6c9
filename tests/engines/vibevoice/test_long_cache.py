"""Two rows that hold different amounts are read as if each were alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch

from wyoming_openspeakers.engines.vibevoice.long_cache import TwoRows

CONFIG = SimpleNamespace(num_hidden_layers=2, num_key_value_heads=3, hidden_size=24, num_attention_heads=6)


@pytest.fixture
def cache() -> TwoRows:
    return TwoRows(CONFIG, 8, torch.device("cpu"), torch.float32)


def states(rows: int, count: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, 3, count, 4, generator=torch.Generator().manual_seed(seed))


def test_a_prompt_goes_into_the_first_row_only(cache: TwoRows) -> None:
    one, two = states(1, 3, 1), states(1, 2, 2)
    cache.fill_from(0)
    cache.update(one, -one, 1)
    cache.fill_from(3)
    keys, values = cache.update(two, -two, 1)
    assert torch.equal(keys, torch.cat([one, two], dim=2)) and torch.equal(values, -keys)


def test_each_row_goes_on_where_it_is(cache: TwoRows) -> None:
    prompt = states(1, 3, 1)
    cache.fill_from(0)
    cache.update(prompt, prompt, 0)
    cache.places.copy_(torch.tensor([3, 0]))
    cache.add_to_both(4)
    # The second time over what was written the first time.
    for number in range(2):
        new = states(2, 1, 10 + number)
        keys, _ = cache.update(new, new, 0)
        seen = cache.mask(4)["full_attention"]
        assert seen.shape == (2, 1, 1, 4)
        assert seen[:, 0, 0].sum(dim=1).tolist() == [4, 1]
        assert torch.equal(keys[0, :, :4], torch.cat([prompt[0], new[0]], dim=1))
        assert torch.equal(keys[1, :, :1], new[1])


def test_what_was_read_once_is_put_back(cache: TwoRows) -> None:
    prompts = [states(1, 5, seed) for seed in (1, 2)]
    for layer, prompt in enumerate(prompts):
        cache.fill_from(0)
        cache.update(prompt, -prompt, layer)
    kept = cache.snapshot(4)
    other = TwoRows(CONFIG, 16, torch.device("cpu"), torch.float32)
    assert other.put_back(kept) == 4
    more = states(1, 1, 3)
    for layer, prompt in enumerate(prompts):
        other.fill_from(4)
        keys, values = other.update(more, -more, layer)
        assert torch.equal(keys, torch.cat([prompt[:, :, :4], more], dim=2)) and torch.equal(values, -keys)
