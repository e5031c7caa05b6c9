"""Tiny language models that say codes, with random weights in the hub's own layout: they say noise, as real ones would.

Their end of speech means nothing: how long they speak is a parameter of the request.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tiny_models

WORDS = 156_940
"""Orpheus' vocabulary, as large as it is: the places of its codes in it are what is tested."""


def orpheus(folder: Path, *, hidden: int = 16, layers: int = 1, pickled: bool = True) -> Path:
    """Orpheus with its codec in a folder below."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(8)
    config = LlamaConfig(
        vocab_size=WORDS,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        initializer_range=1.0,
        bos_token_id=0,
        eos_token_id=1,
    )
    model: Any = LlamaForCausalLM(config)
    with torch.no_grad():
        # The end of speech is said by chance too seldom to matter.
        model.lm_head.weight[128_258] = 0
    model.save_pretrained(folder)
    words = ["<s>", "</s>", "?", *tiny_models.LETTERS, *":.,<>HG"]
    letters = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token=words[2]))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=letters, bos_token=words[0], eos_token=words[1], unk_token=words[2]
    )
    tokenizer.save_pretrained(folder)
    snac(folder / "snac", pickled=pickled)
    return folder


def snac(folder: Path, *, pickled: bool = True, noise: bool = True) -> Path:
    """The codec for 24 kHz, as narrow as it can be; the layout of its file is that of the author's package."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(9)
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "sampling_rate": 24_000,
        "encoder_dim": 2,
        "encoder_rates": [2, 4, 8, 8],
        "decoder_dim": 64,
        "decoder_rates": [8, 8, 4, 2],
        "attn_window_size": None,
        "codebook_size": 4096,
        "codebook_dim": 8,
        "vq_strides": [4, 2, 1],
        "noise": noise,
        "depthwise": True,
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    tensors = _snac_tensors(latent=32, width=64, rates=(8, 8, 4, 2), noise=noise)
    if pickled:
        torch.save(tensors, folder / "pytorch_model.bin")
    else:
        save_file(tensors, folder / "model.safetensors")
    return folder


def _snac_tensors(*, latent: int, width: int, rates: tuple[int, ...], noise: bool) -> dict[str, Any]:
    """The weights of the decoder and of the quantizers, each as a length and a direction, as they are stored."""
    import torch

    tensors: dict[str, Any] = {}

    def convolution(name: str, *shape: int, bias: int = 0, loud: float = 0.6) -> None:
        direction = torch.randn(shape)
        # Louder, and everything would be at the end of the scale.
        length = torch.full((shape[0], 1, 1), loud)
        tensors[f"{name}.parametrizations.weight.original0"] = length
        tensors[f"{name}.parametrizations.weight.original1"] = direction
        if bias:
            tensors[f"{name}.bias"] = torch.randn(bias) * 0.1

    def snake(name: str, channels: int) -> None:
        tensors[f"{name}.alpha"] = 0.5 + torch.rand(1, channels, 1)

    for number in range(3):
        book = f"quantizer.quantizers.{number}"
        convolution(f"{book}.in_proj", 8, latent, 1, bias=8)
        convolution(f"{book}.out_proj", latent, 8, 1, bias=latent, loud=4.0)
        tensors[f"{book}.codebook.weight"] = torch.randn(4096, 8)
    convolution("decoder.model.0", latent, 1, 7, bias=latent)
    convolution("decoder.model.1", width, latent, 1, bias=width)
    for place, rate in enumerate(rates, 2):
        block = f"decoder.model.{place}.block"
        snake(f"{block}.0", width)
        convolution(f"{block}.1", width, width // 2, 2 * rate, bias=width // 2)
        width //= 2
        if noise:
            convolution(f"{block}.2.linear", width, width, 1, loud=0.05)
        for unit in range(3):
            inner = f"{block}.{unit + (3 if noise else 2)}.block"
            snake(f"{inner}.0", width)
            convolution(f"{inner}.1", width, 1, 7, bias=width)
            snake(f"{inner}.2", width)
            convolution(f"{inner}.3", width, width, 1, bias=width)
    snake(f"decoder.model.{place + 1}", width)
    convolution(f"decoder.model.{place + 2}", 1, width, 7, bias=1)
    return tensors
