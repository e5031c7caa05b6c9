"""Dia's codes are chosen as the library's processors of scores would have it."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch
from transformers import DiaConfig, DiaForConditionalGeneration, GenerationConfig
from transformers.generation.logits_process import LogitsProcessorList

from wyoming_openspeakers.engines.codec_lm.dia_choice import DiaChoice
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of

END, PAD, BEGIN = 1024, 1025, 1026
SMALL = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "head_dim": 4}
"""What the model is made of does not matter here."""


@pytest.mark.slow
def test_it_chooses_from_what_the_library_would() -> None:
    """Both chains of processors say how likely each code is: the same."""
    model: Any = DiaForConditionalGeneration(DiaConfig(encoder_config=SMALL, decoder_config=SMALL))
    options = GenerationConfig(
        do_sample=True, guidance_scale=3.0, temperature=1.8, top_p=0.9, top_k=45, max_length=3000,
        eos_token_id=END, pad_token_id=PAD, bos_token_id=BEGIN,
    )  # fmt: skip
    chain = model._get_logits_processor(options, 1, None, None, LogitsProcessorList(), "cpu", {})
    tokens = torch.zeros(9, 1, dtype=torch.long)
    for seed, likely in ((1, -5.0), (2, 3.0), (3, 9.0)):
        scores = torch.randn(2, 9, 1028, generator=torch.Generator().manual_seed(seed)) * 2
        scores[..., END:] = -5.0
        # The end is unlikely, likely but not the likeliest, and the likeliest.
        scores[0, 0, END] = likely
        theirs = chain(tokens, scores.clone().view(18, 1028)).softmax(-1)
        sampler = Sampler(generator_of(torch.device("cpu"), 1), 1.8, top_p=0.9)
        able = DiaChoice(sampler, 3.0, 45, END).able(scores.clone())
        for step in sampler._steps:
            able = step(None, able)
        torch.testing.assert_close(able.softmax(-1), theirs)
        assert (theirs[0, END] == 1) == (likely == 9.0)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_only_the_first_book_says_that_it_is_at_its_end(guidance: float) -> None:
    choice = DiaChoice(Sampler(generator_of(torch.device("cpu"), 1), 1.0), guidance, 45, END)
    scores = torch.zeros(2, 9, 1028)
    scores[:, :, END:] = 90
    assert choice(scores)[0] == END and (choice(scores)[1:] < END).all()


def test_guidance_is_away_from_what_is_likely_without_the_text() -> None:
    scores = torch.zeros(2, 9, 1028)
    scores[0, :, 7], scores[0, :, 8] = 2.0, 1.9
    scores[1, :, 7] = 2.0
    sampler = Sampler(generator_of(torch.device("cpu"), 1), 1.0)
    assert (DiaChoice(sampler, 1.0, 1, END)(scores.clone()) == 7).all()
    assert (DiaChoice(sampler, 3.0, 1, END)(scores.clone()) == 8).all()
