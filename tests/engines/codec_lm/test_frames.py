"""Tokens become sound in order, whole, and as early as they can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import Samples
from wyoming_openspeakers.engines.codec_lm.frames import Frame, FrameStreamer, Layout
from wyoming_openspeakers.engines.control import Cancelled

PROMPT: Any = object()


class Pairs(Layout):
    """Two tokens a frame; a negative one is the end."""

    def __init__(self) -> None:
        self._kept: Frame = []

    def take(self, tokens: Any) -> Frame | None:
        if tokens < 0:
            self.is_over = True
            return None
        self._kept.append(tokens)
        frame, self._kept = (self._kept, []) if len(self._kept) == 2 else (None, self._kept)
        return frame


class Count:
    """Two samples a frame, which wait for the frames ahead."""

    seconds = 0.08

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self._waiting: list[int] = []

    def push(self, frames: list[Frame]) -> Samples:
        self._waiting += [code for frame in frames for code in frame]
        until = len(self._waiting) - 2 * self.ahead
        said, self._waiting = self._waiting[:until], self._waiting[until:]
        return np.array(said, np.float32)

    def finish(self, frames: list[Frame]) -> Samples:
        self.ahead = 0
        return self.push(frames)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 120), st.integers(0, 4))
def test_all_frames_are_heard_once_and_in_order(count: int, ahead: int) -> None:
    chunks: list[Samples] = []
    streamer = FrameStreamer(Pairs(), Count(ahead), chunks.append)
    streamer.put(PROMPT)
    for token in range(count):
        streamer.put(token)
    streamer.end()
    # A frame that is not whole is no sound.
    np.testing.assert_array_equal(np.concatenate(chunks), np.arange(count - count % 2))
    assert len(streamer.frames) == count // 2


@pytest.mark.parametrize("ahead", [0, 2])
def test_the_first_frame_is_heard_as_soon_as_it_is_known(ahead: int) -> None:
    chunks: list[Samples] = []
    streamer = FrameStreamer(Pairs(), Count(ahead), chunks.append)
    for token in (PROMPT, *range(2 * (1 + ahead))):
        assert not chunks
        streamer.put(token)
    assert [chunk.tolist() for chunk in chunks] == [[0, 1]]


def test_nothing_after_the_end_is_heard() -> None:
    chunks: list[Samples] = []
    streamer = FrameStreamer(Pairs(), Count(0), chunks.append)
    for token in (PROMPT, 0, 1, 2, -1, 3, 4, 5):
        streamer.put(token)
    streamer.end()
    assert np.concatenate(chunks).tolist() == [0, 1]


def test_a_step_fails_when_nobody_wants_more() -> None:
    def check() -> None:
        raise Cancelled

    streamer = FrameStreamer(Pairs(), Count(0), lambda samples: None, check)
    with pytest.raises(Cancelled):
        streamer.put(PROMPT)
