"""Pocket-TTS in the authors' layout: a file of weights a language, by the names that the library has for them.

`languages/NAME/model.safetensors`, `tokenizer.json` and `embeddings/*.safetensors`, as in kyutai/pocket-tts and, for
everybody, kyutai/pocket-tts-without-voice-cloning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import EngineError, ModelSpec
from ..revision import revision
from ..torch.checkpoint import read_tensors

if TYPE_CHECKING:
    import torch

WEIGHTS = "model.safetensors"
HEAD = 64
"""Numbers of an attention head, in all models of theirs that are supported."""

CONTEXT = 250
"""Steps that their codec looks back."""

SETTINGS = {"temperature": 0.3, "flow_steps": 1, "eos_threshold": -4.0}
"""What their package takes where nobody asks for anything; older versions had a temperature of 0.7."""

_HEARING = ("flow_lm.speaker_proj_weight", "mimi.encoder.model.0.conv.weight")
"""Weights that are empty where it cannot clone."""

_DAMAGES = (AttributeError, LookupError, TypeError, ValueError)
"""What comes of reading a file that is none of weights."""

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}

_RENAMED = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"flow_lm\.transformer\.layers\.(\d+)\.", r"model.layers.\1."),
        (r"flow_lm\.out_norm\.", "model.norm."),
        (r"flow_lm\.out_eos\.", "eos_head."),
        (r"flow_lm\.input_linear\.", "model.audio_latent_proj."),
        (r"flow_lm\.speaker_proj_weight$", "model.audio_prompt_proj.weight"),
        (r"flow_lm\.bos_emb$", "model.bos_latent"),
        (r"flow_lm\.emb_", "latent_"),
        (r"flow_lm\.flow_net\.time_embed\.", "flow_head.timestep_embeddings."),
        (r"flow_lm\.flow_net\.res_blocks\.", "flow_head.layers."),
        (r"flow_lm\.flow_net\.cond_embed\.", "flow_head.cond_proj."),
        (r"flow_lm\.flow_net\.final_layer\.linear\.", "flow_head.final_layer.proj."),
        (r"flow_lm\.flow_net\.", "flow_head."),
        (r"\.adaLN_modulation\.1\.", ".adaln_proj."),
        (r"\.in_ln\.", ".norm."),
        (r"\.mlp\.3\.alpha$", ".norm.weight"),
        (r"(flow_head\..*)\.mlp\.0\.", r"\1.fc1."),
        (r"(flow_head\..*)\.mlp\.2\.", r"\1.fc2."),
        (r"mimi\.(en|de)coder_transformer\.transformer\.", r"\1coder.\1coder_transformer."),
        (r"mimi\.(en|de)coder\.model\.", r"\1coder.\1coder_seanet.layers."),
        (r"mimi\.downsample\.conv\.", "encoder.downsample."),
        (r"mimi\.upsample\.convtr\.convtr\.", "decoder.upsample.conv."),
        (r"\.convtr\.", ".conv."),
        (r"mimi\.quantizer\.output_proj\.", "latent_proj."),
        (r"\.self_attn\.out_proj\.", ".self_attn.o_proj."),
        (r"\.norm1\.", ".input_layernorm."),
        (r"\.norm2\.", ".post_attention_layernorm."),
        (r"\.linear([12])\.", r".mlp.fc\1."),
        (r"\.layer_scale_1\.", ".self_attn_layer_scale."),
        (r"\.layer_scale_2\.", ".mlp_layer_scale."),
    )
)


@dataclass(frozen=True)
class Authors:
    """A folder of theirs, of one language."""

    path: Path

    @property
    def weights(self) -> Path:
        """All of its weights, the codec's too."""
        return self.path / WEIGHTS

    @property
    def voices(self) -> dict[str, Path]:
        """The voices that come with it, by name."""
        return {path.stem: path for path in sorted((self.path / "embeddings").glob("*.safetensors"))}

    @property
    def revision(self) -> str:
        """Changes when a file of the model does."""
        return revision(self.weights, *self.voices.values())

    def missing(self) -> str | None:
        """What of it is not there or not supported, in a sentence."""
        if not (self.path / "tokenizer.json").is_file():
            return f"tokenizer.json is missing in {self.path}; download the model again"
        try:
            header, _ = _header(self.weights, revision(self.weights))
        except (OSError, *_DAMAGES):
            return f"{self.weights} is damaged or incomplete; delete it and download the model again"
        if "flow_lm.conditioner.embed.weight" not in header:
            return f"config.json is missing in {self.path}, or its weights are no Pocket-TTS; download the model again"
        if "flow_lm.conditioner.proj.weight" in header or "flow_lm.z_proj.weight" in header:
            return f"{self.weights} is one of the smallest models, which are not supported; take english or another"
        return None

    def can_hear(self) -> bool:
        """Whether it clones: in the files for everybody, what makes a voice of a recording is empty."""
        try:
            return _can_hear(self.weights, revision(self.weights))
        except (OSError, *_DAMAGES):
            return False


@lru_cache(maxsize=16)
def _can_hear(weights: Path, state: str) -> bool:
    header, first = _header(weights, state)
    return all(_is_filled(weights, header[name], first) for name in _HEARING)


def _is_filled(weights: Path, entry: Mapping[str, Any], first: int) -> bool:
    begin, end = entry["data_offsets"]
    with weights.open("rb") as file:
        file.seek(first + begin)
        numbers = np.frombuffer(file.read(end - begin), f"<u{_BYTES[entry['dtype']]}")
    # All bits but the sign's: there is a zero with each.
    return bool((numbers << 1).any())


@lru_cache(maxsize=16)
def _header(weights: Path, state: str) -> tuple[Mapping[str, Any], int]:
    """What is said of each tensor, and where the first one begins."""
    size = weights.stat().st_size
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > size:
            raise ValueError("its header is longer than itself")
        header = json.loads(file.read(length))
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    if 8 + length + max(entry["data_offsets"][1] for entry in tensors.values()) != size:
        raise ValueError("it is cut off")
    return tensors, 8 + length


def find_authors(spec: ModelSpec) -> Authors | None:
    """The first folder of theirs among the model's."""
    for folder in map(Path, spec.paths):
        for weights in (folder / WEIGHTS, *sorted(folder.glob(f"languages/*/{WEIGHTS}"))):
            if weights.is_file() and not (weights.parent / "config.json").is_file():
                return Authors(weights.parent)
    return None


def renamed(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights by the library's names, those of the model and of its codec; they share none."""
    return dict(_renamed(tensors))


def _renamed(tensors: Mapping[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    import torch

    words = tensors["flow_lm.conditioner.embed.weight"]
    mark = tensors.get("flow_lm.bos_before_voice", words.new_zeros(1)).reshape(1, -1).expand(1, words.shape[1])
    none = torch.zeros_like(words[:1])
    # Places of a voice, of sound, the mark before a voice, the place where sound begins.
    yield "model.embed_tokens.weight", torch.cat([words[:-1], none, none, mark, none])
    for name, tensor in tensors.items():
        if name in ("flow_lm.conditioner.embed.weight", "flow_lm.bos_before_voice"):
            continue
        new = _name(name)
        if new.endswith(".in_proj.weight"):
            query, key, value = tensor.chunk(3)
            stem = new.removesuffix("in_proj.weight")
            yield f"{stem}q_proj.weight", _halved(query)
            yield f"{stem}k_proj.weight", _halved(key)
            yield f"{stem}v_proj.weight", value.contiguous()
        else:
            yield new, tensor


def _name(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name = pattern.sub(replacement, name)
    return name


def _halved(weight: torch.Tensor) -> torch.Tensor:
    """Rows in the library's order: the first of each pair that is turned together, and then the second ones."""
    pairs = weight.view(-1, HEAD // 2, 2, weight.shape[1])
    return pairs.transpose(1, 2).reshape(weight.shape).contiguous()


def heard(file: Path, layers: int) -> dict[str, torch.Tensor]:
    """What the layers keep of a voice of theirs, by names that `read_voice` knows."""
    tensors = read_tensors([file])
    found = {}
    for number in range(layers):
        stem = f"transformer.layers.{number}.self_attn"
        cache = tensors.get(f"{stem}/cache")
        if cache is None:
            raise EngineError(f"{file} is no voice of this model; download the model again", "model_missing")
        end = tensors.get(f"{stem}/offset")
        length = int(end.reshape(-1)[0]) if end is not None else len(tensors[f"{stem}/current_end"])
        keys, values = cache[:, :, :length].float().transpose(2, 3)
        pairs = keys.unflatten(-1, (-1, 2))
        found[f"layers.{number}.keys"] = pairs.transpose(-1, -2).flatten(-2).contiguous()
        found[f"layers.{number}.values"] = values.contiguous()
    return found
