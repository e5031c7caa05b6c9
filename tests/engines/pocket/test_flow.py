"""Frames are those of the library's own steps, whether these are done one by one or as captured graphs."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers.models.pocket_tts", reason="the transformers that is installed has no pocket_tts")

import graph_tape
import torch
from ended import ended_at
from transformers import DynamicCache, PocketTTSConfig, PocketTTSForConditionalGeneration

from wyoming_openspeakers.engines.pocket.flow import Flow, Manner
from wyoming_openspeakers.engines.pocket.voices import Heard
from wyoming_openspeakers.engines.torch.graphs import Graphs, Work
from wyoming_openspeakers.engines.torch.running import running
from wyoming_openspeakers.engines.torch.static_cache import CLASS
from wyoming_openspeakers.engines.torch.weights import TorchWeights

CPU = torch.device("cpu")
LATENT = 4
SOUND, BEGINS = 21, 23
IDS = [5, 9, 2, 7, BEGINS]


def make(*, flow: str = "lsd", shared: int = 1) -> Any:
    """A model with random weights, so many heads of which share their keys."""
    torch.manual_seed(5)
    config = PocketTTSConfig(
        vocab_size=24,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4 // shared,
        intermediate_size=64,
        latent_dim=LATENT,
        initializer_range=0.2,
        audio_prompt_token_id=20,
        audio_latent_token_id=SOUND,
        audio_prompt_bos_token_id=22,
        audio_bos_token_id=BEGINS,
        flow_head_config={"hidden_size": 16, "num_hidden_layers": 2, "latent_dim": LATENT, "condition_dim": 32,
                          "frequency_embedding_size": 8, "flow_type": flow},
    )  # fmt: skip
    model: Any = PocketTTSForConditionalGeneration(config).eval().requires_grad_(False)
    for part in (model.flow_head, model.eos_head):
        for parameter in part.parameters():
            parameter.normal_(std=0.4)
    for embedding in model.flow_head.timestep_embeddings:
        embedding.norm.weight.fill_(1)
    model.model.bos_latent.normal_()
    model.latent_mean.normal_()
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    return make()


def manner(frames: int, steps: int = 2) -> Manner:
    return Manner(temperature=0.7, steps=steps, threshold=math.inf, least=0, tail=0, most=frames)


def frames_of(flow: Flow, frames: int, *, heard: Heard | None = None, steps: int = 2) -> Any:
    chance = torch.Generator(flow._device).manual_seed(8)
    with running(1):
        return torch.cat(list(flow.frames(IDS, heard, manner(frames, steps), chance)))


def by_library(model: Any, frames: int, *, heard: Heard | None = None, steps: int = 2) -> Any:
    """Each frame by the library's own modules, with its own cache."""
    chance = torch.Generator().manual_seed(8)
    past = DynamicCache(config=model.config) if heard is None else DynamicCache(heard.layers)
    given: dict[str, Any] = {"input_ids": torch.tensor([IDS])}
    made = []
    with running(1):
        for _ in range(frames):
            state = model.model(**given, past_key_values=past, use_cache=True).last_hidden_state[:, -1]
            noise = torch.randn((1, LATENT), generator=chance) * math.sqrt(0.7)
            latent = model.sample_latent(state, noise, steps)
            made.append(model.denormalize_latents(latent))
            given = {"input_ids": torch.tensor([[SOUND]]), "audio_latents": latent[:, None]}
    return torch.cat(made)


def counted(captured: list[int]) -> Graphs:
    def capture(work: Work) -> Work:
        captured.append(1)
        return graph_tape.capture(work)

    return Graphs(capture)


@pytest.mark.parametrize("captures", [False, True], ids=["plain", "graphs"])
@pytest.mark.parametrize("kind", [{}, {"flow": "drifting"}, {"shared": 2}], ids=["lsd", "drifting", "shared keys"])
def test_frames_are_the_librarys(kind: dict[str, Any], captures: bool) -> None:
    model = make(**kind)
    flow = Flow(model, CPU, graphs=Graphs(graph_tape.capture if captures else None))
    with running(1):
        heard = flow.hear([22, *[20] * 3], torch.randn(3, LATENT))
    for voice, steps in ((heard, 2), (None, 1), (heard, 3)):
        expected = by_library(model, 9, heard=voice, steps=steps)
        torch.testing.assert_close(frames_of(flow, 9, heard=voice, steps=steps), expected, atol=1e-4, rtol=1e-4)


def test_a_graph_is_captured_once_and_the_cache_grows(model: Any) -> None:
    captured: list[int] = []
    flow = Flow(model, CPU, graphs=counted(captured))
    for _ in range(2):
        torch.testing.assert_close(frames_of(flow, 6), by_library(model, 6), atol=1e-4, rtol=1e-4)
    assert len(captured) == 2
    frames_of(flow, 6, steps=1)
    assert len(captured) == 3
    # Frames on both sides of where the next class of lengths begins.
    with running(1):
        heard = flow.hear([20] * (CLASS - 8), torch.randn(CLASS - 8, LATENT))
    for _ in range(2):
        expected = by_library(model, 9, heard=heard)
        torch.testing.assert_close(frames_of(flow, 9, heard=heard), expected, atol=1e-4, rtol=1e-4)
    assert len(captured) == 3 + 3


def test_what_rests_is_captured_again_where_the_weights_are_then() -> None:
    model, captured = make(), list[int]()
    weights = TorchWeights([model], CPU)
    flow = Flow(model, CPU, graphs=counted(captured))
    expected = frames_of(flow, 5)
    flow.rest()
    weights.park()
    weights.unpark()
    torch.testing.assert_close(frames_of(flow, 5), expected)
    assert len(captured) == 4


def test_speaks_on_without_graphs_where_there_can_be_none(model: Any, caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def fail(work: Work) -> Work:
        tries.append(1)
        raise RuntimeError("out of memory\nand more")

    flow = Flow(model, CPU, graphs=Graphs(fail))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            torch.testing.assert_close(frames_of(flow, 6), by_library(model, 6), atol=1e-4, rtol=1e-4)
    (line,) = caplog.messages
    assert "out of memory" in line and "\n" not in line and len(tries) == 1


def test_can_be_ended_between_two_layers(model: Any) -> None:
    flow = Flow(model, CPU)
    with ended_at(3, flow.gate):
        frames_of(flow, 6)
    torch.testing.assert_close(frames_of(flow, 6), by_library(model, 6), atol=1e-4, rtol=1e-4)


def test_frames_that_were_made_stay_as_they_are(model: Any) -> None:
    flow = Flow(model, CPU, graphs=Graphs(graph_tape.capture))
    chance = torch.Generator().manual_seed(8)
    with running(1):
        frames = [(frame, frame.clone()) for frame in flow.frames(IDS, None, manner(6), chance)]
    assert all(torch.equal(frame, before) for frame, before in frames)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_graphs_say_what_steps_say_on_a_gpu() -> None:
    device = torch.device("cuda")
    model = make().to(device)
    graphs, plain = Flow(model, device), Flow(model, device, graphs=Graphs(None))
    for frames in (8, CLASS + 5):
        torch.testing.assert_close(frames_of(graphs, frames), frames_of(plain, frames), atol=1e-3, rtol=1e-3)
