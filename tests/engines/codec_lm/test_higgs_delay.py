"""Higgs' codes come late by codebook, end together, and do not come too often."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch

from wyoming_openspeakers.engines.codec_lm.frames import Frame
from wyoming_openspeakers.engines.codec_lm.higgs_delay import Codes, HiggsLayout, StepChoice
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of

BEGIN, END = 10, 11
CODES = Codes(3, BEGIN, END)
FRAMES: list[Frame] = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 3, 5]]


def choice(repeats: int = 0) -> StepChoice:
    generator = generator_of(torch.device("cpu"), 1)
    return StepChoice(CODES, Sampler(generator, 0.01, top_k=1), Sampler(generator, 1.0), repeats)


def scores(*best: int) -> torch.Tensor:
    """Scores in which these are the best by far."""
    made = torch.zeros(len(best), 12)
    for place, code in enumerate(best):
        made[place, code] = 50
    return made


def said(chosen: StepChoice, *best: int) -> Frame:
    there, here = chosen(scores(*best))
    assert there.tolist() == here.tolist()
    step: Frame = here.tolist()
    return step


def test_a_recording_lies_as_the_library_lays_it() -> None:
    processing: Any = pytest.importorskip("transformers.models.higgs_audio_v2.processing_higgs_audio_v2")
    processor = object.__new__(processing.HiggsAudioV2Processor)
    processor.audio_stream_bos_id, processor.audio_stream_eos_id = BEGIN, END
    codes = torch.tensor([[BEGIN] * 3, *FRAMES, [END] * 3]).T[None]
    assert CODES.delayed(FRAMES) == processor.build_delay_pattern(codes)[0].T.tolist()


def test_frames_are_whole_with_their_last_codebook() -> None:
    layout = HiggsLayout(CODES)
    # What goes before the first step to be chosen is known: all begin.
    frames = [layout.take(torch.tensor(step)) for step in CODES.delayed(FRAMES)[1:]]
    assert frames[:6] == [None, None, *FRAMES]
    assert layout.is_over


def test_codebooks_begin_one_after_the_other() -> None:
    chosen = choice()
    assert [said(chosen, 1, 2, 3) for _ in range(3)] == [[1, BEGIN, BEGIN], [1, 2, BEGIN], [1, 2, 3]]


def test_only_sounds_and_the_end_are_chosen() -> None:
    chosen = choice()
    for _ in range(3):
        said(chosen, 1, 2, 3)
    # The beginning is the best here, then all the rest are equal.
    assert max(said(chosen, BEGIN, BEGIN, BEGIN)) < BEGIN
    assert not chosen.is_over


@pytest.mark.parametrize("where", [0, 1, 2])
def test_after_an_end_the_frames_before_it_are_completed(where: int) -> None:
    chosen, layout = choice(), HiggsLayout(CODES)
    frames = []
    for number in range(1, 20):
        best = [1, 2, 3]
        if number == 6:
            best[where] = END
        step = said(chosen, *best)
        if frame := layout.take(torch.tensor(step)):
            frames.append(frame)
        if chosen.is_over:
            break
    # The end is at the step of its codebook: the frame that it is in is no sound.
    assert len(frames) == 6 - where - 1
    assert number == max(6, len(frames) + CODES.codebooks - 1)


def test_what_follows_an_end_is_as_in_recordings() -> None:
    chosen = choice()
    steps = [said(chosen, 1, 2, 3) for _ in range(4)]
    steps.append(said(chosen, END, 2, 3))
    steps.append(said(chosen, 1, 2, 3))
    whole = CODES.delayed([[1, 2, 3]] * 4)
    assert steps == whole[1 : 1 + len(steps)]


def test_a_code_that_has_come_too_often_is_chosen_again() -> None:
    likely = torch.zeros(3, 12)
    likely[:, 1], likely[:, END] = 2, -50

    def first(repeats: int) -> list[int]:
        chosen = choice(repeats)
        return [int(chosen(likely)[1][0]) for _ in range(80)]

    assert set(first(0)) == {1}
    often = first(2)
    assert often[:2] == [1, 1]
    # It is still the likeliest of ten, but not more than that.
    assert 0.3 < often.count(1) / len(often) < 0.9 and len(set(often)) > 4
