"""A DAC's decoder says bit by bit what it says at once, whichever of the library's it is."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_higgs
import torch
from transformers import DacConfig, DacModel

from wyoming_openspeakers.engines.codec_lm.dac_stream import DacStream
from wyoming_openspeakers.engines.codec_lm.higgs_codec import HiggsCodec
from wyoming_openspeakers.engines.torch.folder import ModelFolder

pytestmark = pytest.mark.slow

SIZES = {"even": [8, 4, 2], "odd": [5, 4, 3]}


@pytest.fixture(scope="module")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    # On a busy machine threads wait for each other longer than they work.
    torch.set_num_threads(1)
    torch.manual_seed(1)
    made: dict[str, Any] = {
        name: DacModel(DacConfig(encoder_hidden_size=2, decoder_hidden_size=32, upsampling_ratios=ratios)).decoder
        for name, ratios in SIZES.items()
    }
    for decoder in made.values():
        for weight in decoder.parameters():
            if weight.ndim == 3:
                # As the library has them, what is far away is too faint to be seen in the sum.
                torch.nn.init.normal_(weight, std=weight[0].numel() ** -0.5)
    # Its odd strides lose nothing.
    higgs = HiggsCodec(ModelFolder(tiny_higgs.higgs_codec(tmp_path_factory.mktemp("codec"))))
    return made | {"filled up": higgs._model.acoustic_decoder}


def at_once(decoder: Any, steps: int) -> tuple[Any, Any]:
    """Something for a decoder, and what it makes of it."""
    x = torch.randn(1, decoder.conv1.in_channels, steps, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return x, decoder(x)


def close(ours: Any, library: Any) -> None:
    assert library.std() > 0
    torch.testing.assert_close(ours, library, atol=float(library.abs().max()) * 1e-4, rtol=0)


@pytest.mark.parametrize("name", [*SIZES, "filled up"])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_in_chunks_it_is_what_it_is_at_once(decoders: dict[str, Any], name: str, size: int) -> None:
    x, whole = at_once(decoders[name], 40)
    stream = DacStream(decoders[name])
    with torch.no_grad():
        parts = [stream.push(x[..., begin : begin + size]) for begin in range(0, 40, size)]
        parts.append(stream.push(x[..., :0], is_last=True))
    close(torch.cat(parts, dim=-1), whole)


@pytest.mark.parametrize("name", [*SIZES, "filled up"])
def test_it_stays_just_as_far_behind_as_it_says(decoders: dict[str, Any], name: str) -> None:
    """What is held back is all that another next step changes, and no more."""
    # With fewer digits some changes are too small to be seen.
    decoder = deepcopy(decoders[name]).double()
    x = torch.randn(1, decoder.conv1.in_channels, 40, dtype=torch.double)
    other = torch.cat([x[..., :39], 100 * x[..., 39:]], dim=-1)
    stream = DacStream(decoder)
    with torch.no_grad():
        known = stream.push(x[..., :39]).shape[-1]
        changed = (decoder(other) != decoder(x)).flatten().nonzero()
    assert known == int(changed[0]) == 39 * math.prod(block.conv_t1.stride[0] for block in decoder.block) - stream.lag


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", [*SIZES, "filled up"])
def test_even_the_shortest_sound_is_whole(decoders: dict[str, Any], name: str, count: int) -> None:
    x, whole = at_once(decoders[name], count)
    with torch.no_grad():
        close(DacStream(decoders[name]).push(x, is_last=True), whole)


def test_of_nothing_comes_nothing(decoders: dict[str, Any]) -> None:
    x, _ = at_once(decoders["even"], 1)
    assert DacStream(decoders["even"]).push(x[..., :0], is_last=True).shape == (1, 1, 0)
