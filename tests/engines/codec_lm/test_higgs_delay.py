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


class Talk:
    """All that is chosen, step after step."""

    def __init__(self, repeats: int = 0) -> None:
        cpu = torch.device("cpu")
        likeliest, any_other = Sampler(generator_of(cpu, 1), 0.01, top_k=1), Sampler(generator_of(cpu, 2), 1.0)
        self._choice = StepChoice(CODES, likeliest, any_other, repeats, cpu)
        self._said = torch.zeros(0, 3, dtype=torch.long)

    def say(self, scores: torch.Tensor) -> Frame:
        self._said = torch.cat([self._said, self._choice(self._said, scores)])
        step: Frame = self._said[-1].tolist()
        return step


def scores(*best: int) -> torch.Tensor:
    """Scores in which these are the best by far."""
    made = torch.zeros(len(best), 12)
    for place, code in enumerate(best):
        made[place, code] = 50
    return made


def said(talk: Talk, *best: int) -> Frame:
    return talk.say(scores(*best))


def test_a_recording_lies_as_the_library_lays_it() -> None:
    processing: Any = pytest.importorskip("transformers.models.higgs_audio_v2.processing_higgs_audio_v2")
    processor = object.__new__(processing.HiggsAudioV2Processor)
    processor.audio_stream_bos_id, processor.audio_stream_eos_id = BEGIN, END
    codes = torch.tensor([[BEGIN] * 3, *FRAMES, [END] * 3]).T[None]
    assert CODES.delayed(FRAMES) == processor.build_delay_pattern(codes)[0].T.tolist()


def test_frames_are_whole_with_their_last_codebook() -> None:
    layout = HiggsLayout(CODES)
    # What goes before the first step to be chosen is known: all begin.
    steps = CODES.delayed(FRAMES)[1:]
    for step, frame in zip(steps, [None, None, *FRAMES[:-1]], strict=False):
        assert layout.take(torch.tensor(step)) == frame and not layout.is_over
    # What comes after the last frame's last code is nothing that is heard.
    assert layout.take(torch.tensor(steps[5])) == FRAMES[-1] and layout.is_over
    assert layout.take(torch.tensor(steps[6])) is None and layout.is_over


def test_an_end_in_the_first_frame_is_no_sound() -> None:
    layout = HiggsLayout(CODES)
    frames = [layout.take(torch.tensor([step])) for step in CODES.delayed([])[1:]]
    assert frames == [None] * len(frames) and layout.is_over


def test_codebooks_begin_one_after_the_other() -> None:
    talk = Talk()
    assert [said(talk, 1, 2, 3) for _ in range(3)] == [[1, BEGIN, BEGIN], [1, 2, BEGIN], [1, 2, 3]]


def test_only_sounds_and_the_end_are_chosen() -> None:
    talk = Talk()
    for _ in range(3):
        said(talk, 1, 2, 3)
    # The beginning is the best here, then all the rest are equal.
    assert max(said(talk, BEGIN, BEGIN, BEGIN)) < BEGIN


@pytest.mark.parametrize("where", [0, 1, 2])
def test_after_an_end_the_frames_before_it_are_completed(where: int) -> None:
    talk, layout = Talk(), HiggsLayout(CODES)
    frames = []
    for number in range(1, 20):
        best = [1, 2, 3]
        if number == 6:
            best[where] = END
        if frame := layout.take(torch.tensor(said(talk, *best))):
            frames.append(frame)
        if layout.is_over:
            break
    # The end is at the step of its codebook: the frame that it is in is no sound.
    assert len(frames) == 6 - where - 1
    assert number == max(6, len(frames) + CODES.codebooks - 1)


def test_what_follows_an_end_is_as_in_recordings() -> None:
    talk = Talk()
    steps = [said(talk, 1, 2, 3) for _ in range(4)]
    steps.append(said(talk, END, 2, 3))
    steps += [said(talk, 1, 2, 3) for _ in range(3)]
    assert steps == [*CODES.delayed([[1, 2, 3]] * 4)[1:], [END] * 3]


def test_an_end_where_a_codebook_has_not_begun_is_none() -> None:
    talk = Talk()
    assert [said(talk, 1, 2, END), said(talk, 1, 2, END)] == [[1, BEGIN, BEGIN], [1, 2, BEGIN]]
    assert said(talk, 1, 2, 3) == [1, 2, 3]


def test_a_code_that_has_come_too_often_is_chosen_again() -> None:
    likely = torch.zeros(3, 12)
    likely[:, 1], likely[:, END] = 2, -50

    def first(repeats: int) -> list[int]:
        talk = Talk(repeats)
        return [talk.say(likely)[0] for _ in range(80)]

    assert set(first(0)) == {1}
    often = first(2)
    assert often[:2] == [1, 1]
    # It is still the likeliest of ten, but not more than that.
    assert 0.3 < often.count(1) / len(often) < 0.9 and len(set(often)) > 4


def test_what_is_drawn_in_vain_changes_nothing() -> None:
    chance = generator_of(torch.device("cpu"), 3)
    # Nothing comes twice in the window.
    rounds = [scores(*[(step + place) % 10 for place in range(3)]) + torch.rand(3, 12, generator=chance)
              for step in range(12)]  # fmt: skip
    one, other = Talk(), Talk(2)
    assert [one.say(scores) for scores in rounds] == [other.say(scores) for scores in rounds]
