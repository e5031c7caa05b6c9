"""Higgs' codec says in chunks what it would say at once, and hears without torchaudio."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_higgs
import torch

from wyoming_openspeakers.engines.codec_lm.higgs_codec import HiggsCodec, codec_class, resampled
from wyoming_openspeakers.engines.torch.folder import ModelFolder

pytestmark = pytest.mark.slow

SAMPLES = 960
"""Of a frame."""


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> HiggsCodec:
    # On a busy machine threads wait for each other longer than they work.
    torch.set_num_threads(1)
    return HiggsCodec(ModelFolder(tiny_higgs.higgs_codec(tmp_path_factory.mktemp("codec"))))


def close(one: Any, other: Any, part: float = 1e-4) -> None:
    np.testing.assert_allclose(one, other, atol=part * np.abs(other).max())


def test_sound_in_chunks_is_the_codec_at_once(codec: HiggsCodec) -> None:
    codes = torch.randint(0, 1024, (30, 8), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole = codec._model.decode(codes.T[None]).audio_values.reshape(-1).numpy()
        sound = codec.sound()
        first = sound.push(codes[: sound.ahead + 1].tolist())
        assert first.size >= SAMPLES * 0.5
        chunks = [first, sound.push(codes[sound.ahead + 1 : 25].tolist()), sound.finish(codes[25:].tolist())]
    close(np.concatenate(chunks), whole)


def test_it_hears_without_torchaudio(codec: HiggsCodec) -> None:
    assert codec_class() is codec_class()
    assert "torchaudio" not in sys.modules
    with torch.no_grad():
        tone = np.sin(np.arange(48_000) * 0.05).astype(np.float32)
        frames = codec.encode(24_000, tone)
    assert len(frames) == 50 and {len(frame) for frame in frames} == {8}


@pytest.mark.parametrize(("rate", "wanted"), [(24_000, 16_000), (16_000, 24_000), (44_100, 24_000)])
def test_a_tone_is_the_same_at_another_rate(rate: int, wanted: int) -> None:
    def tone(rate: int) -> Any:
        return torch.sin(torch.arange(rate) * 440 * 2 * torch.pi / rate)

    heard = resampled(tone(rate), rate, wanted)
    assert heard.shape == (wanted,)
    # The ends are those of a sound that is silent around them.
    close(heard[200:-200].numpy(), tone(wanted)[200:-200].numpy(), 0.01)
