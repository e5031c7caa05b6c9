"""Each engine loaded once, with real weights, one who listens, and how small ones run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from assets import cut_voices, hibari, kokoro, kokoro_folder, piper, piper_folder, whisper_folder

__all__ = ["cut_voices", "hibari", "kokoro", "kokoro_folder", "piper", "piper_folder", "whisper_folder"]


@pytest.fixture
def on_one_core() -> Iterator[None]:
    """Small steps of torch on several cores wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
