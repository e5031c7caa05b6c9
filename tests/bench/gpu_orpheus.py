"""Orpheus 3B at full size: Llama 3.2 3B with the vocabulary of its codes, and the SNAC for 24 kHz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tiny_codec_models
from bench.gpu_subject import TEXT, Loop, Scale, Subject, save

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.codec_lm import orpheus
from wyoming_openspeakers.engines.codec_lm.snac_files import find_snac, load_snac
from wyoming_openspeakers.engines.torch.decoding import Backbone
from wyoming_openspeakers.engines.torch.decoding_layer import through_layer
from wyoming_openspeakers.engines.torch.graphs import Graphs

FRAME = 2048 / 24_000
"""Seconds."""

FULL: dict[str, Any] = {
    "hidden_size": 3072,
    "intermediate_size": 8192,
    "num_hidden_layers": 28,
    "num_attention_heads": 24,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 131_072,
    "rope_parameters": {
        "rope_type": "llama3",
        "rope_theta": 500_000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
}
SMALL: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
CODEC = {"encoder_dim": 48, "decoder_dim": 1024}


def _make(folder: Path, scale: Scale) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    tiny_codec_models.orpheus(folder)
    config = LlamaConfig(
        vocab_size=tiny_codec_models.WORDS,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=128_000,
        eos_token_id=128_009,
        **(FULL if scale.is_full else SMALL),
    )
    save(LlamaForCausalLM, config, folder, scale, _endless)
    if scale.is_full:
        _make_codec(folder / "snac")


def _endless(model: Any) -> None:
    # Of what is likely enough to be chosen the end is never a part.
    model.lm_head.weight[orpheus.SPEECH_ENDS] = 0


def _make_codec(folder: Path) -> None:
    import torch

    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | CODEC), "utf-8")
    width = CODEC["decoder_dim"]
    latent = CODEC["encoder_dim"] * 16
    torch.save(
        tiny_codec_models._snac_tensors(latent=latent, width=width, rates=(8, 8, 4, 2), noise=True),
        folder / "pytorch_model.bin",
    )


def _frames(scale: Scale) -> int:
    return round(scale.seconds / FRAME)


def _request(scale: Scale) -> EngineRequest:
    return EngineRequest(TEXT, "tara", seed=1, parameters={"max_tokens": 7 * _frames(scale)})


def _library(folder: Path, scale: Scale) -> Loop:
    """`generate` as its page says, then all frames through the codec at once."""
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    model: Any = LlamaForCausalLM.from_pretrained(folder, dtype=scale.dtype).to(scale.device).eval()
    words = AutoTokenizer.from_pretrained(folder)(f"tara: {TEXT}").input_ids
    prompt = torch.tensor([[*orpheus.TEXT_BEGINS, *words, *orpheus.TEXT_ENDS]], device=scale.device)
    found = find_snac(ModelSpec("orpheus", "codec_lm", (str(folder),)))
    assert found is not None
    codec = load_snac(found)
    for weight in codec.module:
        weight.data = weight.data.to(scale.device)
    frames = _frames(scale)

    def run() -> float:
        with torch.no_grad():
            said = model.generate(
                inputs=prompt,
                attention_mask=torch.ones_like(prompt),
                do_sample=True,
                temperature=0.6,
                top_p=0.8,
                repetition_penalty=1.3,
                min_new_tokens=7 * frames,
                max_new_tokens=7 * frames,
                eos_token_id=orpheus.SPEECH_ENDS,
                pad_token_id=orpheus.SPEECH_ENDS,
            )
            # Random weights say anything: only as many codes matter, not which.
            codes = said[0, prompt.shape[1] :].reshape(-1, 7) % orpheus.CODES
            noise = torch.randn(frames, sum(codec.noises), device=scale.device)
            sound = codec.decode(codes, noise).cpu()
        return float(sound.numel() / 24_000)

    return run


def _without_graphs(engine: Any) -> None:
    _go_through(engine, graphs=Graphs(None))


def _compiled(engine: Any) -> None:
    import torch

    _go_through(engine, through=torch.compile(through_layer, fullgraph=True, dynamic=False))


def _go_through(engine: Any, **options: Any) -> None:
    family = engine._model
    family._backbone = Backbone(family._model.model, family.device, orpheus.MOST + family.longest, **options)


ORPHEUS = Subject(
    name="Orpheus 3B",
    engine="codec_lm",
    make=_make,
    request=_request,
    library=_library,
    factor_at_most=0.2,
    first_at_most=150,
    reported="others report about 200 ms",
    variants={"without graphs": _without_graphs, "layers compiled": _compiled},
)
