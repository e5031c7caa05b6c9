"""Decoders say token by token what the library makes of all tokens at once, from a cache that stays where it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import graph_tape
import torch
from ended import ended_at
from torch.multiprocessing.reductions import StorageWeakRef
from transformers import CsmBackboneModel, CsmConfig, LlamaConfig, LlamaModel, Qwen2Config, Qwen2Model

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.torch.decoding import Backbone
from wyoming_openspeakers.engines.torch.decoding_layer import through_layer, weights_of
from wyoming_openspeakers.engines.torch.graphs import Graphs
from wyoming_openspeakers.engines.torch.weights import TorchWeights

pytestmark = pytest.mark.usefixtures("on_one_core")

CPU = torch.device("cpu")
SIZE: dict[str, Any] = {
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "initializer_range": 0.4,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


def llama(**others: Any) -> Any:
    return LlamaModel(LlamaConfig(vocab_size=32, rope_parameters=LLAMA3, **SIZE | others))


MODELS: dict[str, Callable[[], Any]] = {
    "llama": llama,
    "qwen2": lambda: Qwen2Model(Qwen2Config(vocab_size=32, **SIZE)),
    "csm": lambda: CsmBackboneModel(CsmConfig(num_codebooks=4, vocab_size=16, **SIZE)),
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(1)
    return MODELS[request.param]().eval().requires_grad_(False)


@pytest.fixture
def one_llama() -> Any:
    torch.manual_seed(1)
    return llama().eval().requires_grad_(False)


def states_of(backbone: Backbone, embeds: Any, prompt: int) -> Any:
    """The states from the last of the prompt on, one step for each embedding after it."""
    with torch.no_grad(), backbone.sequence(embeds[:, :prompt], embeds.shape[1] - prompt) as sequence:
        states = [sequence.state.clone()]
        for number in range(prompt, embeds.shape[1]):
            sequence.step(embeds[:, number])
            states.append(sequence.state.clone())
    return torch.cat(states)


def by_library(model: Any, embeds: Any, prompt: int) -> Any:
    with torch.no_grad():
        return model(inputs_embeds=embeds).last_hidden_state[0, prompt - 1 :]


@pytest.mark.parametrize("captures", [False, True], ids=["plain", "graphs"])
def test_steps_are_the_librarys(model: Any, captures: bool) -> None:
    backbone = Backbone(model, CPU, graphs=Graphs(graph_tape.capture if captures else None))
    embeds = torch.randn(1, 40, SIZE["hidden_size"])
    for prompt in (7, 1, 40):
        ours, library = states_of(backbone, embeds, prompt), by_library(model, embeds, prompt)
        torch.testing.assert_close(ours, library, atol=2e-4, rtol=2e-4)


def test_a_sequence_does_not_hear_the_one_before(one_llama: Any) -> None:
    embeds = torch.randn(2, 1, 30, SIZE["hidden_size"])
    backbone = Backbone(one_llama, CPU, 16, 16, graphs=Graphs(graph_tape.capture))
    states_of(backbone, embeds[0], 20)
    after = states_of(backbone, embeds[1, :, :12], 3)
    torch.testing.assert_close(after, by_library(one_llama, embeds[1, :, :12], 3), atol=2e-4, rtol=2e-4)


def test_a_graph_is_captured_once_a_class_and_the_cache_grows(one_llama: Any) -> None:
    captured: list[int] = []

    def capture(work: Callable[[], None]) -> Callable[[], None]:
        captured.append(1)
        return graph_tape.capture(work)

    backbone = Backbone(one_llama, CPU, 20, 16, graphs=Graphs(capture))
    embeds = torch.randn(1, 60, SIZE["hidden_size"])
    for _ in range(3):
        states_of(backbone, embeds[:, :30], 4)
    assert len(captured) == 2
    # Twice the length wants another cache, and graphs that know it.
    torch.testing.assert_close(states_of(backbone, embeds, 4), by_library(one_llama, embeds, 4), atol=2e-4, rtol=2e-4)
    assert len(captured) == 2 + 4
    states_of(backbone, embeds[:, :30], 4)
    assert len(captured) == 2 + 4


def test_what_moved_is_captured_again(one_llama: Any) -> None:
    captured: list[int] = []

    def capture(work: Callable[[], None]) -> Callable[[], None]:
        captured.append(1)
        return work

    backbone = Backbone(one_llama, CPU, graphs=Graphs(capture))
    embeds = torch.randn(1, 12, SIZE["hidden_size"])
    said = states_of(backbone, embeds, 4)
    weights = TorchWeights([one_llama.rotary_emb, *one_llama.layers, one_llama.norm], CPU)
    weights.unpark()
    torch.testing.assert_close(states_of(backbone, embeds, 4), said, atol=2e-5, rtol=2e-5)
    assert len(captured) == 2
    weights.park()
    assert len(captured) == 2
    weights.unpark()
    torch.testing.assert_close(states_of(backbone, embeds, 4), said, atol=2e-5, rtol=2e-5)
    backbone.rest()
    torch.testing.assert_close(states_of(backbone, embeds, 4), said, atol=2e-5, rtol=2e-5)


def test_weights_that_lie_side_by_side_are_one_matrix(one_llama: Any) -> None:
    apart = weights_of(one_llama.layers[0])
    assert (len(apart.attention), len(apart.gates)) == (3, 2)
    TorchWeights([one_llama.rotary_emb, *one_llama.layers, one_llama.norm], CPU).unpark()
    joined = weights_of(one_llama.layers[0])
    assert (len(joined.attention), len(joined.gates)) == (1, 1)
    assert torch.equal(joined.attention[0][0], torch.cat([weight for weight, _ in apart.attention]))
    assert torch.equal(joined.gates[0][0], torch.cat([weight for weight, _ in apart.gates]))


def test_keeps_no_weights_that_move_away(one_llama: Any) -> None:
    weights = TorchWeights([one_llama.rotary_emb, *one_llama.layers, one_llama.norm], CPU)
    weights.unpark()
    backbone = Backbone(one_llama, CPU)
    states_of(backbone, torch.randn(1, 6, SIZE["hidden_size"]), 3)
    with pytest.raises(KeyError), backbone.sequence(torch.randn(1, 3, SIZE["hidden_size"]), 3):
        raise KeyError
    home = StorageWeakRef(one_llama.layers[0].mlp.up_proj.weight.untyped_storage())
    weights.park()
    assert home.expired()


def test_goes_on_without_graphs_where_there_can_be_none(one_llama: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(work: Callable[[], None]) -> Callable[[], None]:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    backbone = Backbone(one_llama, CPU, graphs=Graphs(fail))
    embeds = torch.randn(1, 12, SIZE["hidden_size"])
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            ours = states_of(backbone, embeds, 4)
            torch.testing.assert_close(ours, by_library(one_llama, embeds, 4), atol=2e-4, rtol=2e-4)
    (line,) = caplog.messages
    assert "not permitted" in line and "\n" not in line


def test_can_be_ended_between_two_layers(one_llama: Any) -> None:
    backbone = Backbone(one_llama, CPU)
    embeds = torch.randn(1, 12, SIZE["hidden_size"])
    with ended_at(5, backbone.gate):
        states_of(backbone, embeds, 4)
    torch.testing.assert_close(states_of(backbone, embeds, 4), by_library(one_llama, embeds, 4), atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 500.0, "factor": 2.0}},
    ],
)
def test_refuses_what_is_built_otherwise(settings: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="llama"):
        Backbone(LlamaModel(LlamaConfig(vocab_size=32, **SIZE | settings)), CPU)


@pytest.mark.slow
def test_a_layer_can_be_compiled_once_for_all(one_llama: Any) -> None:
    """Traced, not built: what a compiler would be given has no break, and all layers share it."""
    graphs: list[Any] = []

    def backend(graph: Any, inputs: Any) -> Any:
        graphs.append(graph)
        return graph

    torch._dynamo.reset()
    through = torch.compile(through_layer, backend=backend, fullgraph=True, dynamic=False)
    backbone = Backbone(one_llama, CPU, through=through, graphs=Graphs(lambda work: work))
    embeds = torch.randn(1, 9, SIZE["hidden_size"])
    ours = states_of(backbone, embeds, 4)
    torch._dynamo.reset()
    torch.testing.assert_close(ours, by_library(one_llama, embeds, 4), atol=2e-4, rtol=2e-4)
    assert len(graphs) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_graphs_say_what_steps_say_on_a_gpu(one_llama: Any) -> None:
    device = torch.device("cuda")
    weights = TorchWeights([one_llama.rotary_emb, *one_llama.layers, one_llama.norm], device)
    weights.unpark()
    embeds = torch.randn(1, 700, SIZE["hidden_size"], device=device)
    graphs, plain = Backbone(one_llama, device), Backbone(one_llama, device, graphs=Graphs(None))
    for _ in range(2):
        ours = states_of(graphs, embeds, 5)
        assert graphs._graphs.are_used
        torch.testing.assert_close(ours, states_of(plain, embeds, 5), atol=1e-3, rtol=1e-3)
        weights.park()
        graphs.rest()
        weights.unpark()
