"""Dia's decoder says step by step what the library makes of all steps at once, from memory that stays where it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch
from ended import ended_at
from torch.multiprocessing.reductions import StorageWeakRef
from transformers import DiaDecoderConfig
from transformers.models.dia.modeling_dia import DiaDecoder as LibraryDecoder

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.codec_lm.dia_decoder import TEXT_CLASS, USUAL_TEXT, DiaDecoder
from wyoming_openspeakers.engines.codec_lm.dia_layer import dia_weights_of
from wyoming_openspeakers.engines.torch.graphs import Graphs
from wyoming_openspeakers.engines.torch.static_cache import CLASS
from wyoming_openspeakers.engines.torch.weights import TorchWeights

pytestmark = pytest.mark.usefixtures("on_one_core")

CPU = torch.device("cpu")
HIDDEN, BOOKS, CODES, KNOWN = 48, 9, 1028, 2 * CLASS
SIZE: dict[str, Any] = {
    "hidden_size": HIDDEN,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "cross_num_attention_heads": 4,
    "cross_num_key_value_heads": 2,
    "cross_head_dim": 16,
    "cross_hidden_size": 24,
    "max_position_embeddings": KNOWN,
}

Work = Callable[[], None]


def library_decoder(**others: Any) -> Any:
    torch.manual_seed(1)
    model = LibraryDecoder(DiaDecoderConfig(**SIZE | others)).eval().requires_grad_(False)
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.normal_(std=0.3)
    return model


@pytest.fixture
def model() -> Any:
    return library_decoder()


def as_it_is(work: Work) -> Work:
    """In place of a capture: the work is done with the same tensors at the same addresses, only not by a graph."""
    return work


class Counting:
    """Captures as it is, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, work: Work) -> Work:
        self.count += 1
        return as_it_is(work)


def capturing(model: Any, capture: Callable[[Work], Work] = as_it_is) -> DiaDecoder:
    return DiaDecoder(model, CPU, graphs=Graphs(capture))


def codes_of(steps: int) -> Any:
    return torch.randint(0, CODES, (1, steps, BOOKS))


def heard_of(length: int, rows: int = 2) -> Any:
    return torch.randn(rows, length, SIZE["cross_hidden_size"])


def states_of(decoder: DiaDecoder, codes: Any, heard: Any, prompt: int) -> Any:
    """The states (steps, rows, hidden) from the last of the prompt on, one for each step after it."""
    with torch.no_grad(), decoder.sequence(codes[:, :prompt], heard, codes.shape[1] - prompt) as sequence:
        states = [sequence.state.clone()]
        for number in range(prompt, codes.shape[1]):
            sequence.step(decoder._model.embeddings(codes[:, number : number + 1])[0])
            states.append(sequence.state.clone())
    return torch.stack(states)


def by_library(model: Any, codes: Any, heard: Any, prompt: int) -> Any:
    with torch.no_grad():
        states = model(input_ids=codes.expand(len(heard), -1, -1), encoder_hidden_states=heard).last_hidden_state
    return states[:, prompt - 1 :].transpose(0, 1)


def assert_as_in_library(decoder: DiaDecoder, codes: Any, heard: Any, prompt: int) -> None:
    expected = by_library(decoder._model, codes, heard, prompt)
    torch.testing.assert_close(states_of(decoder, codes, heard, prompt), expected, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("captures", [False, True], ids=["plain", "graphs"])
@pytest.mark.parametrize("rows", [1, 2], ids=["alone", "guided"])
def test_steps_are_the_librarys(model: Any, rows: int, captures: bool) -> None:
    decoder = capturing(model) if captures else DiaDecoder(model, CPU)
    codes = codes_of(40)
    for prompt, text in ((7, 30), (1, 3), (40, 12)):
        assert_as_in_library(decoder, codes, heard_of(text, rows), prompt)


def test_what_it_says_depends_on_the_text_and_on_each_step(model: Any) -> None:
    """Or else the test above would show nothing."""
    codes, heard = codes_of(20), heard_of(30)
    states = by_library(model, codes, heard, 1)
    other = codes.clone()
    other[0, 5] = (other[0, 5] + 1) % CODES
    assert (by_library(model, other, heard, 1)[-1] - states[-1]).abs().max() > 0.01
    assert (by_library(model, codes, heard_of(30), 1)[-1] - states[-1]).abs().max() > 0.01
    assert (states[-1, 0] - states[-1, 1]).abs().max() > 0.01


@pytest.mark.parametrize("captures", [False, True], ids=["plain", "graphs"])
def test_a_sequence_does_not_hear_the_one_before(model: Any, captures: bool) -> None:
    decoder = capturing(model) if captures else DiaDecoder(model, CPU)
    states_of(decoder, codes_of(50), heard_of(90), 20)
    assert_as_in_library(decoder, codes_of(12), heard_of(5), 3)


def test_a_graph_is_captured_once_for_each_class_of_speech_and_text(model: Any) -> None:
    capture = Counting()
    decoder = capturing(model, capture)
    short, long = codes_of(5), codes_of(CLASS + 3)
    for _ in range(2):
        assert_as_in_library(decoder, short, heard_of(5), 2)
        assert_as_in_library(decoder, short, heard_of(TEXT_CLASS), 2)
        assert capture.count == 1
    assert_as_in_library(decoder, long, heard_of(5), CLASS - 2)
    assert capture.count == 2
    assert_as_in_library(decoder, short, heard_of(TEXT_CLASS + 1), 2)
    assert capture.count == 3
    # A text for which there is no room wants other memory, and a graph that knows it. So does speech without guidance.
    assert_as_in_library(decoder, short, heard_of(USUAL_TEXT + 1), 2)
    assert_as_in_library(decoder, short, heard_of(5, 1), 2)
    assert capture.count == 5


def test_what_moved_is_captured_again(model: Any) -> None:
    capture = Counting()
    decoder = capturing(model, capture)
    codes, heard = codes_of(12), heard_of(30)
    weights = TorchWeights([model.embeddings, model.rotary_emb, *model.layers, model.norm], CPU)
    for count in (1, 2, 3):
        assert_as_in_library(decoder, codes, heard, 4)
        assert_as_in_library(decoder, codes, heard, 4)
        assert capture.count == count
        weights.park()
        weights.unpark()
    decoder.rest()
    assert_as_in_library(decoder, codes, heard, 4)


def test_weights_that_lie_side_by_side_are_one_matrix(model: Any) -> None:
    apart = dia_weights_of(model.layers[0]).own
    # The library has both gates in one.
    assert (len(apart.attention), len(apart.gates)) == (3, 1)
    TorchWeights([model.embeddings, model.rotary_emb, *model.layers, model.norm], CPU).unpark()
    joined = dia_weights_of(model.layers[0]).own
    assert (len(joined.attention), len(joined.gates)) == (1, 1)
    assert torch.equal(joined.attention[0][0], torch.cat([weight for weight, _ in apart.attention]))


def test_keeps_no_weights_that_move_away(model: Any) -> None:
    weights = TorchWeights([model.embeddings, model.rotary_emb, *model.layers, model.norm], CPU)
    weights.unpark()
    decoder = DiaDecoder(model, CPU)
    states_of(decoder, codes_of(6), heard_of(4), 3)
    # However it ends, and whoever still has it.
    with pytest.raises(KeyError), decoder.sequence(codes_of(3), heard_of(4), 3) as sequence:
        raise KeyError
    assert sequence.device == CPU
    home = StorageWeakRef(model.layers[0].mlp.down_proj.weight.untyped_storage())
    weights.park()
    assert home.expired()


@pytest.mark.parametrize("good", [0, 1])
def test_goes_on_without_graphs_where_there_can_be_none(
    model: Any, good: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It fails at the first step, or where another graph is wanted in the midst of a sequence."""
    captured: list[Work] = []

    def fail(work: Work) -> Work:
        if len(captured) == good:
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        captured.append(work)
        return as_it_is(work)

    decoder = capturing(model, fail)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert_as_in_library(decoder, codes_of(CLASS + 4), heard_of(9), CLASS - 4)
    (line,) = caplog.messages
    assert "not permitted" in line and "\n" not in line


def test_can_be_ended_between_two_layers(model: Any) -> None:
    decoder = DiaDecoder(model, CPU)
    codes, heard = codes_of(12), heard_of(9)
    with ended_at(5, decoder.gate):
        states_of(decoder, codes, heard, 4)
    assert_as_in_library(decoder, codes, heard, 4)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 500.0, "factor": 2.0}},
    ],
)
def test_refuses_what_is_built_otherwise(settings: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="dia"):
        DiaDecoder(library_decoder(**settings), CPU)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_graphs_say_what_steps_say_on_a_gpu(model: Any) -> None:
    device = torch.device("cuda")
    weights = TorchWeights([model.embeddings, model.rotary_emb, *model.layers, model.norm], device)
    weights.unpark()
    codes, heard = codes_of(KNOWN - 8).to(device), heard_of(300).to(device)
    graphs, plain = DiaDecoder(model, device), DiaDecoder(model, device, graphs=Graphs(None))
    for _ in range(2):
        ours = states_of(graphs, codes, heard, 5)
        assert graphs._graphs.are_used
        torch.testing.assert_close(ours, states_of(plain, codes, heard, 5), atol=1e-3, rtol=1e-3)
        weights.park()
        graphs.rest()
        weights.unpark()
