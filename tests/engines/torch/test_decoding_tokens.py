"""Tokens are those of the library's own loop, greedy and by chance, however far the device is ahead."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from wyoming_openspeakers.engines.torch import decoding_tokens
from wyoming_openspeakers.engines.torch.decoding import Backbone
from wyoming_openspeakers.engines.torch.decoding_tokens import tokens_of
from wyoming_openspeakers.engines.torch.graphs import Graphs
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of
from wyoming_openspeakers.engines.torch.transfer import Reader

pytestmark = pytest.mark.usefixtures("on_one_core")

CPU = torch.device("cpu")
MOST = 60
PROMPT = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


@pytest.fixture(scope="module")
def model() -> Any:
    torch.manual_seed(2)
    config = LlamaConfig(vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                         num_attention_heads=4, num_key_value_heads=2, initializer_range=0.5, bos_token_id=None,
                         eos_token_id=None, pad_token_id=0)  # fmt: skip
    return LlamaForCausalLM(config).eval().requires_grad_(False)


def sampler(temperature: float) -> Sampler:
    return Sampler(generator_of(CPU, 7), temperature, top_p=0.9)


def say(model: Any, most: int = MOST, temperature: float = 0.0, **options: Any) -> list[int]:
    backbone = Backbone(model.model, CPU, **options)
    chance = sampler(temperature) if temperature else None

    def choose(said: Any, state: Any) -> Any:
        scores = model.lm_head(state)
        return (chance.noisy(scores) if chance else scores).argmax(dim=1, keepdim=True)

    embed = model.model.embed_tokens
    with torch.no_grad(), backbone.sequence(embed(PROMPT), most) as sequence:
        return [int(token) for token in tokens_of(sequence, most, choose, embed)]


def by_library(model: Any, temperature: float = 0.0) -> list[int]:
    chance = sampler(temperature) if temperature else None
    processors = [lambda tokens, scores: chance.noisy(scores)] if chance else []
    said = model.generate(PROMPT, attention_mask=torch.ones_like(PROMPT), do_sample=False, max_new_tokens=MOST,
                          logits_processor=processors)  # fmt: skip
    tokens: list[int] = said[0, PROMPT.shape[1] :].tolist()
    return tokens


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_tokens_are_those_of_the_librarys_loop(model: Any, temperature: float) -> None:
    expected = by_library(model, temperature)
    assert len(expected) == MOST and len(set(expected)) > 5
    assert say(model, temperature=temperature) == expected


def test_the_device_is_one_token_ahead_where_that_pays(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    class Behind(Reader):
        def __init__(self, device: torch.device) -> None:
            super().__init__(device)
            self.is_behind = True

    for is_ahead in (False, True):
        if is_ahead:
            monkeypatch.setattr(decoding_tokens, "Reader", Behind)
        backbone = Backbone(model.model, CPU)
        steps.clear()
        hook = backbone.gate.register_forward_hook(lambda *_: steps.append(1))
        embed = model.model.embed_tokens
        with torch.no_grad(), backbone.sequence(embed(PROMPT), 5) as sequence:
            done = [
                len(steps) // 2
                for _ in tokens_of(sequence, 5, lambda said, state: model.lm_head(state).argmax(1, True), embed)
            ]
        hook.remove()
        # The last token needs no step after it.
        assert done == ([1, 2, 3, 4, 4] if is_ahead else [0, 1, 2, 3, 4])
        assert len(steps) == 2 * 4


def test_one_token_needs_no_step(model: Any) -> None:
    assert say(model, 1) == by_library(model)[:1]
    assert say(model, 0) == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_graphs_say_the_same_tokens(model: Any, temperature: float) -> None:
    device = torch.device("cuda")
    moved = LlamaForCausalLM(model.config).eval().requires_grad_(False)
    moved.load_state_dict(model.state_dict())
    moved = moved.to(device)
    embed = moved.model.embed_tokens

    def run(backbone: Backbone) -> list[int]:
        chance = Sampler(generator_of(device, 7), temperature or 1e-4)
        with torch.no_grad(), backbone.sequence(embed(PROMPT.to(device)), MOST) as sequence:
            said = tokens_of(
                sequence, MOST, lambda _, state: chance.noisy(moved.lm_head(state)).argmax(dim=1, keepdim=True), embed
            )
            return [int(token) for token in said]

    assert run(Backbone(moved.model, device)) == run(Backbone(moved.model, device, graphs=Graphs(None)))
