"""Two rows that hold different amounts are read as if each were alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch

from wyoming_openspeakers.engines.vibevoice.slots import Slots

CONFIG = SimpleNamespace(num_hidden_layers=2, num_key_value_heads=3, hidden_size=24, num_attention_heads=6)


def made(room: int = 8) -> Slots:
    return Slots(CONFIG, 2, room, torch.zeros(1))


@pytest.fixture
def slots() -> Slots:
    return made()


def states(rows: int, count: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, 3, count, 4, generator=torch.Generator().manual_seed(seed))


def test_a_prompt_goes_into_the_first_row_only(slots: Slots) -> None:
    one, two = states(1, 3, 1), states(1, 2, 2)
    slots.read(3)
    slots.update(one, -one, 1)
    told = slots.read(2)
    keys, values = slots.update(two, -two, 1)
    assert torch.equal(keys, torch.cat([one, two], dim=2)) and torch.equal(values, -keys)
    assert told["position_ids"].tolist() == [[3, 4]]
    assert told["attention_mask"]["full_attention"][0, 0].tolist() == [[True] * 4 + [False], [True] * 5]
    assert slots.places.tolist() == [5, 0]


def test_each_row_goes_on_where_it_is(slots: Slots) -> None:
    prompt = states(1, 3, 1)
    slots.read(3)
    slots.update(prompt, prompt, 0)
    # The second time over what was written the first time.
    for number in range(2):
        new = states(2, 1, 10 + number)
        told = slots.speak(4)
        keys, _ = slots.update(new, new, 0)
        seen = told["attention_mask"]["full_attention"]
        assert seen.shape == (2, 1, 1, 4)
        assert seen[:, 0, 0].sum(dim=1).tolist() == [4, 1]
        assert told["position_ids"].tolist() == [[3], [0]]
        assert torch.equal(keys[0, :, :4], torch.cat([prompt[0], new[0]], dim=1))
        assert torch.equal(keys[1, :, :1], new[1])
    slots.spoken()
    assert slots.places.tolist() == [4, 1]


def test_what_was_read_once_is_put_back(slots: Slots) -> None:
    prompts = [states(1, 4, seed) for seed in (1, 2)]
    slots.read(4)
    for layer, prompt in enumerate(prompts):
        slots.update(prompt, -prompt, layer)
    other, more = made(100), states(1, 1, 3)
    other.read(7)
    other.begin([slots.past()])
    assert other.places.tolist() == [4, 0]
    other.read(1)
    for layer, prompt in enumerate(prompts):
        keys, values = other.update(more, -more, layer)
        assert torch.equal(keys, torch.cat([prompt, more], dim=2)) and torch.equal(values, -keys)
    other.begin([])
    assert other.read(1)["position_ids"].tolist() == [[0]]


def test_looks_at_whole_strides() -> None:
    slots = made(65)
    slots.read(62)
    assert [slots.next_reach() for _ in range(4)] == [64, 64, 128, 128]
    # There is so much of it.
    slots.speak(128)
    keys, _ = slots.update(states(2, 1, 1), states(2, 1, 2), 0)
    assert keys.shape[2] == slots.room == 128
