"""The codes of finer books come later: frames are put together of them, and what is known of steps is said."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.codec_lm.dia_delay import FREE, Delayed, DiaLayout, beginning, ending

DELAYS = [0, 8, 9, 10, 11, 12, 13, 14, 15]
END, PAD, BEGIN = 1024, 1025, 1026


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 40), st.integers(0, 20))
def test_frames_come_out_of_the_delays_as_the_library_takes_them(frames: int, more: int) -> None:
    codes = torch.randint(0, 1024, (frames, 9), generator=torch.Generator().manual_seed(frames))
    rows = beginning(codes, DELAYS, BEGIN)[1:]
    rows = torch.cat([rows[:frames], rows[frames:].where(rows[frames:] != FREE, ending(DELAYS, END, PAD)[:-1])])
    rows = torch.cat([rows, torch.full((1 + more, 9), PAD)])
    rows[frames, 0] = END
    layout = DiaLayout(DELAYS, END)
    taken = [frame for row in rows if not layout.is_over and (frame := layout.take(row))]
    assert taken == codes.tolist()
    assert layout.is_over


@pytest.mark.slow
def test_a_beginning_is_delayed_as_the_library_does() -> None:
    from transformers import DiaProcessor

    codes = torch.randint(0, 1024, (6, 9))
    audio = torch.cat([torch.full((1, 9), BEGIN), codes, torch.full((15, 9), PAD)])[None]
    places = DiaProcessor.build_indices(1, 22, 9, DELAYS)
    theirs = DiaProcessor.apply_audio_delay(audio, PAD, BEGIN, places)[0]
    ours = beginning(codes, DELAYS, BEGIN)
    assert torch.equal(ours.where(ours != FREE, torch.tensor(PAD)), theirs)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 6))
def test_what_is_known_is_said_whatever_is_chosen(most: int, end: int, before: int) -> None:
    """The frames before go on in the first steps; the first book ends where it says so, or when it has said enough."""
    chance = torch.Generator().manual_seed(end)
    frames = torch.randint(0, 1024, (before, 9), generator=chance)
    chosen = torch.randint(0, 1024, (most + 16, 9), generator=chance)
    if end < len(chosen):
        # What the first book says after its end is not looked at any more.
        chosen[end, 0] = chosen[-1, 0] = END
    known = beginning(frames, DELAYS, BEGIN)[1 + before :]
    delayed = Delayed(known, DELAYS, END, PAD, most)
    said = torch.stack([delayed(row.clone()) for row in chosen])
    expected, length = chosen.clone(), min(most, end)
    for book, delay in enumerate(DELAYS):
        late = frames[before - min(before, delay) :, book]
        expected[: delay - len(late), book] = BEGIN
        expected[delay - len(late) : delay, book] = late
        expected[length + delay, book] = END
        expected[length + delay + 1 :, book] = PAD
    assert torch.equal(said[: length + 16], expected[: length + 16])
    layout = DiaLayout(DELAYS, END)
    taken = [frame for row in said[: length + 15] if (frame := layout.take(row))]
    assert len(taken) == length and layout.is_over
