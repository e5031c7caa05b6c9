"""The frames of a CSM are those of the library's own loop."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
import torch
from ended import ended_at

from wyoming_openspeakers.engines.codec_lm.csm_frames import CsmFrames
from wyoming_openspeakers.engines.torch.graphs import Graphs, Work
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
FRAMES = 12
PROMPT = torch.tensor([[0, 7, 9, 12, 8, 1]])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import CsmForConditionalGeneration

    return CsmForConditionalGeneration.from_pretrained(tiny_models.csm(tmp_path_factory.mktemp("csm"))).eval()


class Choice:
    """The likeliest, or a sample, of the codes that the codec knows."""

    def __init__(self, temperature: float) -> None:
        self._sampler = Sampler(generator_of(CPU, 4), temperature, top_k=5)

    def noisy(self, tokens: Any, scores: Any) -> Any:
        scores[:, 14:] = -torch.inf
        return self._sampler.noisy(scores)

    def __call__(self, scores: Any) -> Any:
        return self.noisy(None, scores).argmax(dim=1, keepdim=True)


@pytest.mark.parametrize("temperature", [1e-4, 1.0])
def test_says_the_frames_of_the_librarys_loop(
    model: Any, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"do_sample": False, "logits_processor": [Choice(temperature).noisy]}
    generate = model.depth_decoder.generate
    monkeypatch.setattr(model.depth_decoder, "generate", lambda **inputs: generate(**inputs, **options))
    with torch.no_grad():
        mask = torch.ones_like(PROMPT)
        library = model.generate(PROMPT, attention_mask=mask, max_new_tokens=FRAMES, **options)[0]
        frames = list(CsmFrames(model, CPU, 64).say(model.embed_text_tokens(PROMPT), FRAMES, Choice(temperature)))
    assert torch.equal(torch.cat(frames), library)
    assert len({tuple(frame.tolist()) for frame in library}) > FRAMES // 2


def test_both_decoders_give_up_graphs_at_once(model: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(work: Work) -> Work:
        raise RuntimeError("operation not permitted when stream is capturing")

    graphs = Graphs(fail)
    ways = [CsmFrames(model, CPU, 64, graphs=graphs), CsmFrames(model, CPU, 64)]
    with torch.no_grad():
        embeds = model.embed_text_tokens(PROMPT)
        said, expected = (torch.cat(list(way.say(embeds, 5, Choice(1.0)))) for way in ways)
    assert torch.equal(said, expected)
    (line,) = caplog.messages
    assert "not permitted" in line and not graphs.are_used


def test_can_be_ended_inside_a_frame(model: Any) -> None:
    frames = CsmFrames(model, CPU, 64)
    whole = CsmFrames(model, CPU, 64)
    with torch.no_grad():
        embeds = model.embed_text_tokens(PROMPT)
        with ended_at(4, *frames.gates):
            list(frames.say(embeds, 5, Choice(1.0)))
        said, expected = (list(each.say(embeds, 5, Choice(1.0))) for each in (frames, whole))
    assert torch.equal(torch.cat(said), torch.cat(expected))
