"""Frames one by one are the same sound, and are heard the same, as all of them at once."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice
import torch
from transformers import VibeVoiceForConditionalGeneration

from wyoming_openspeakers.engines.vibevoice.chunks import ChunkCodec

pytestmark = pytest.mark.slow

HOP = 3200


@pytest.fixture(scope="module")
def inner(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tiny_vibevoice.vibevoice(tmp_path_factory.mktemp("vibevoice"))
    return VibeVoiceForConditionalGeneration.from_pretrained(folder).eval().requires_grad_(False).model


def test_one_by_one_is_all_at_once(inner: Any) -> None:
    codec = ChunkCodec(inner)
    latents = torch.randn(5, 64, generator=torch.Generator().manual_seed(1))
    plain = latents / inner.latent_scaling_factor - inner.latent_bias_factor
    whole = inner.audio_tower.decode(plain[None]).audio
    heard = inner.semantic_tokenizer_encoder(whole).latents
    for _ in range(2):
        codec.begin()
        frames = [codec.decode(latent[None]) for latent in latents]
        assert [frame.shape for frame in frames] == [(HOP,)] * 5
        torch.testing.assert_close(torch.cat(frames), whole.reshape(-1), atol=1e-5, rtol=1e-4)
        codec.begin()
        parts = [codec.listen(frame) for frame in frames]
        torch.testing.assert_close(torch.cat(parts, dim=1), heard, atol=1e-4, rtol=1e-4)


def test_encodes_as_the_library_does(inner: Any) -> None:
    sound = torch.randn(2 * HOP + 100, generator=torch.Generator().manual_seed(2)) * 0.1
    padded = torch.nn.functional.pad(sound, (0, HOP - 100))[None, None]
    mask = torch.ones(1, padded.shape[-1], dtype=torch.bool)
    theirs = inner.get_audio_features(padded, mask, sample=False).last_hidden_state
    latents = ChunkCodec(inner).encode(sound)
    assert latents.shape == (3, 64)
    torch.testing.assert_close(latents, theirs)
