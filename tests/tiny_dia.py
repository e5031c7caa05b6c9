"""A tiny Dia with its codec, random weights in the hub's own layout: they say noise, as real ones would.

Its end of speech means nothing: how long it speaks is a parameter of the request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

BOOKS = 9
CODES = 1024
HOP = 512
"""Samples of a frame."""


def dia(folder: Path, *, hidden: int = 32, layers: int = 1) -> Path:
    """Dia with its codec in a folder below; `hidden` and `layers` make it as large as is wanted."""
    import torch
    from transformers import DiaConfig, DiaForConditionalGeneration

    torch.manual_seed(10)
    size: dict[str, Any] = {
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "head_dim": 8,
    }
    config = DiaConfig(
        encoder_config={**size, "num_key_value_heads": 2},
        decoder_config={
            **size,
            "num_key_value_heads": 1,
            "cross_num_attention_heads": 2,
            "cross_num_key_value_heads": 2,
            "cross_head_dim": 8,
            "cross_hidden_size": hidden,
        },
    )
    model: Any = DiaForConditionalGeneration(config)
    with torch.no_grad():
        # Large, or else what comes next would not depend on what came before.
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.3)
        # Neither the end nor what is no code is ever the likeliest.
        model.logits_dense.weight.view(BOOKS, -1, hidden)[:, CODES:] = 0
    model.save_pretrained(folder)
    dac(folder / "dac")
    return folder


def dac(folder: Path, **settings: Any) -> Path:
    """The codec for 44.1 kHz, as narrow as it can be."""
    import torch
    from transformers import DacConfig, DacModel

    torch.manual_seed(11)
    config = DacConfig(
        **{
            "encoder_hidden_size": 4,
            "decoder_hidden_size": 32,
            "n_codebooks": BOOKS,
            "codebook_size": CODES,
            "sampling_rate": 44_100,
            **settings,
        }
    )
    model: Any = DacModel(config)
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
                width = module.in_channels * module.kernel_size[0] / module.stride[0]
                # Louder, and everything would be at the end of the scale.
                loud = 0.3 if "res_unit" in name or name == "decoder.conv2" else 1.0
                module.weight.normal_(std=loud * width**-0.5)
        for book in model.quantizer.quantizers:
            book.codebook.weight.normal_(std=1 / 3)
    model.save_pretrained(folder)
    return folder
