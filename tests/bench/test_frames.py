"""The frames for fuzzing are what they claim to be."""

from __future__ import annotations

import json
import random

from bench.frames import broken_frame, conversations, odd_frame


def test_as_many_frames_as_asked_for_and_the_same_again() -> None:
    first = list(conversations(seed=3, frames=500))
    assert sum(len(conversation) for conversation in first) == 500
    assert first == list(conversations(seed=3, frames=500))
    assert first != list(conversations(seed=4, frames=500))


def test_an_odd_frame_can_be_read_to_its_end() -> None:
    chance = random.Random(1)
    for _ in range(500):
        header, _, rest = odd_frame(chance).partition(b"\n")
        tree = json.loads(header)
        assert len(rest) == tree.get("data_length", 0) + tree.get("payload_length", 0)


def test_broken_frames_are_broken_in_many_ways() -> None:
    chance = random.Random(2)
    lines = [broken_frame(chance).partition(b"\n")[0] for _ in range(300)]
    readable = 0
    for line in lines:
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            continue
        readable += 1
    assert 50 < readable < 250
    assert any(len(line) > 65536 for line in lines)
