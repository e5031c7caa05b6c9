"""Orpheus' codes are where its authors put them, and nothing else can be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_codec_models
import torch

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.codec_lm.orpheus import (
    CODES,
    FIRST_CODE,
    SPEECH_ENDS,
    WORDS,
    CodeChoice,
    OrpheusFamily,
    OrpheusLayout,
)
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of


def codes_of(tokens: list[int]) -> list[list[int]]:
    """The codes by rate, as the authors' own decoder takes them out of a sequence of tokens."""
    codes = [token - 128_256 - 10 - (place % 7) * 4096 for place, token in enumerate(tokens)]
    frames = [codes[begin : begin + 7] for begin in range(0, len(codes) // 7 * 7, 7)]
    return [
        [code for frame in frames for code in (frame[0],)],
        [code for frame in frames for code in (frame[1], frame[4])],
        [code for frame in frames for code in (frame[2], frame[3], frame[5], frame[6])],
    ]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, CODES - 1), max_size=40))
def test_frames_are_the_authors(codes: list[int]) -> None:
    tokens = [FIRST_CODE + CODES * (place % 7) + code for place, code in enumerate(codes)]
    layout = OrpheusLayout()
    frames = [frame for token in tokens if (frame := layout.take(torch.tensor([token])))]
    slow, middle, fast = codes_of(tokens)
    assert [frame[0] for frame in frames] == slow
    assert [code for frame in frames for code in frame[1:3]] == middle
    assert [code for frame in frames for code in frame[3:]] == fast


def test_the_end_is_no_code() -> None:
    layout = OrpheusLayout()
    assert layout.take(torch.tensor([FIRST_CODE])) is None and not layout.is_over
    assert layout.take(torch.tensor([SPEECH_ENDS])) is None and layout.is_over


def say(count: int, penalty: float = 1.0, temperature: float = 1.0, scores: Any = None) -> list[int]:
    """What is chosen from scores that would rather have anything else."""
    choice = CodeChoice(Sampler(generator_of(torch.device("cpu"), 3), temperature), penalty)
    said = torch.zeros(0, 1, dtype=torch.long)
    generator = torch.Generator().manual_seed(4)
    for _ in range(count):
        wild = torch.randn(1, WORDS - SPEECH_ENDS, generator=generator) if scores is None else scores.clone()
        wild[:, 1 : FIRST_CODE - SPEECH_ENDS] += 50
        wild[:, 0] -= 50
        said = torch.cat([said, choice(said, wild)])
    tokens: list[int] = said.reshape(-1).tolist()
    return tokens


def test_only_the_codes_of_a_place_can_be_said_there() -> None:
    for place, token in enumerate(say(15)):
        assert 0 <= token - FIRST_CODE - CODES * (place % 7) < CODES


def test_the_end_is_said_where_it_is_likely_and_anything_may_follow() -> None:
    scores = torch.zeros(1, WORDS - SPEECH_ENDS)
    scores[0, 0] = 100.0
    choice = CodeChoice(Sampler(generator_of(torch.device("cpu"), 3), 0.6), 1.3)
    for count in range(15):
        said = torch.full((count, 1), SPEECH_ENDS)
        assert choice(said, scores).tolist() == [[SPEECH_ENDS]]


def test_what_was_said_is_said_less_by_the_penalty() -> None:
    scores = torch.zeros(1, WORDS - SPEECH_ENDS)
    # One code of each place is a little more likely than all others.
    for place in range(7):
        first = FIRST_CODE - SPEECH_ENDS + CODES * place
        scores[0, first + 17], scores[0, first + 18] = 1.0, 0.9
    plain = say(14, 1.0, 1e-4, scores)
    varied = say(14, 1.3, 1e-4, scores)
    assert plain[:7] == plain[7:] == varied[:7]
    assert [(token - FIRST_CODE) % CODES for token in varied[7:]] == [18] * 7


def test_a_sample_is_as_likely_as_its_score() -> None:
    sampler = Sampler(generator_of(torch.device("cpu"), 1), 1.0)
    scores = torch.tensor([[0.5, 0.3, 0.2]]).log()
    counts = np.bincount([int(sampler.noisy(scores).argmax()) for _ in range(3000)], minlength=3) / 3000
    np.testing.assert_allclose(counts, [0.5, 0.3, 0.2], atol=0.04)
    narrow = Sampler(generator_of(torch.device("cpu"), 1), 1.0, top_p=0.6)
    assert {int(narrow.noisy(scores).argmax()) for _ in range(300)} == {0, 1}
    assert {int(Sampler(generator_of(torch.device("cpu"), 1), 1.0, top_k=1).noisy(scores).argmax())} == {0}


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1e-4, 1.0])
def test_says_the_tokens_of_the_librarys_loop(tmp_path: Path, temperature: float) -> None:
    """Its own `generate` with the whole head, choosing by the same rule and the same chance."""
    from transformers import LlamaForCausalLM

    spec = ModelSpec("o", "codec_lm", (str(tiny_codec_models.orpheus(tmp_path, hidden=32, layers=2)),), "tara")
    family = OrpheusFamily(spec, ModelFolder(tmp_path), torch.device("cpu"))
    library: Any = LlamaForCausalLM.from_pretrained(tmp_path)
    most = 90
    kept: list[Any] = []

    class Keep:
        def put(self, tokens: Any) -> None:
            kept.append(tokens)

        def end(self) -> None:
            pass

    settings = {"max_tokens": most, "temperature": temperature}
    with torch.no_grad():
        family.generate("Good morning.", EngineRequest("", "tara"), settings, 5, Keep())  # type: ignore[arg-type]  # what is kept is asked for below
        prompt = kept[0]
        choice = CodeChoice(Sampler(generator_of(torch.device("cpu"), 5), temperature, top_p=0.8), 1.3)

        def choose(tokens: Any, scores: Any) -> Any:
            token = choice(tokens[:, prompt.shape[1] :].T, scores[:, SPEECH_ENDS:WORDS])
            return torch.full_like(scores, -torch.inf).scatter_(1, token, 0)

        said = library.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=most,
                                logits_processor=[choose], eos_token_id=SPEECH_ENDS, pad_token_id=0)  # fmt: skip
    assert said.shape[1] == prompt.shape[1] + most
    assert [int(token) for token in kept[1:]] == said[0, prompt.shape[1] :].tolist()


def test_eight_voices_are_known_without_a_file(tmp_path: Any) -> None:
    voices = OrpheusFamily.voices(ModelSpec("o", "codec_lm"), ModelFolder(tmp_path))
    assert [voice.name for voice in voices] == ["tara", "leah", "jess", "leo", "dan", "mia", "zac", "zoe"]
    assert {voice.languages for voice in voices} == {("en",)}
