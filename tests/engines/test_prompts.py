"""What is derived from recordings is kept by their digests."""

import wave
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wyoming_openspeakers.engines.base import EngineError, Reference
from wyoming_openspeakers.engines.prompts import PromptCache, read_reference


def test_makes_each_once() -> None:
    cache: PromptCache[str] = PromptCache()
    made: list[str] = []

    def make() -> str:
        made.append("made")
        return f"prompt {len(made)}"

    assert [cache.get(Reference("a.wav", "1"), make) for _ in range(3)] == ["prompt 1"] * 3
    assert cache.get(Reference("a.wav", "2"), make) == "prompt 2"
    cache.forget(["1", "never there"])
    assert cache.get(Reference("a.wav", "1"), make) == "prompt 3"


def test_the_least_used_goes() -> None:
    cache: PromptCache[str] = PromptCache(most=2)
    for digest in ("1", "2", "1", "3"):
        cache.get(Reference("", digest), partial(str, digest))
    assert len(cache) == 2
    assert cache.get(Reference("", "1"), lambda: "anew") == "1"
    assert cache.get(Reference("", "2"), lambda: "anew") == "anew"


def test_what_cannot_be_made_is_tried_again() -> None:
    cache: PromptCache[str] = PromptCache()

    def fail() -> str:
        raise EngineError("no")

    with pytest.raises(EngineError):
        cache.get(Reference("", "1"), fail)
    assert cache.get(Reference("", "1"), lambda: "made") == "made"


def test_reads_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
    rate, samples = read_reference(Reference(str(path), ""))
    assert rate == 24_000
    np.testing.assert_array_equal(samples, np.array([0, 0.5, -1], np.float32))


@pytest.mark.parametrize("content", [None, b"", b"RIFF and no more"])
def test_one_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(EngineError, match="upload it again"):
        read_reference(Reference(str(tmp_path / "a.wav"), ""))
