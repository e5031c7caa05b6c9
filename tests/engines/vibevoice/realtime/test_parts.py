"""The published weights end where they belong: against the author's formulas, written on his names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice_realtime as tiny
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.torch.running import running
from wyoming_openspeakers.engines.vibevoice.realtime.names import own_name
from wyoming_openspeakers.engines.vibevoice.realtime.parts import Parts, load_parts

pytestmark = pytest.mark.slow

SIZE = tiny.TINY

DECODER = "model.acoustic_tokenizer.decoder"
HEAD = "model.prediction_head"

Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.realtime(tmp_path_factory.mktemp("parts"), voices=[], dtype="float32")


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load_parts(ModelFolder(folder), torch.float32)


@pytest.fixture(scope="module")
def weights() -> Weights:
    return tiny.tensors()


@pytest.fixture(autouse=True)
def as_it_runs() -> Iterator[None]:
    with running(threads=1):
        yield


def rms(x: torch.Tensor, weight: torch.Tensor | None, eps: float) -> torch.Tensor:
    norm = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return norm if weight is None else norm * weight


def linear(w: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    return functional.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))


def block(w: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    mixed = rms(x.mT, w[f"{name}.norm.weight"], 1e-5).mT
    mixed = causal(w, f"{name}.mixer.conv.conv.conv", mixed, groups=mixed.shape[1])
    x = x + mixed * w[f"{name}.gamma"][:, None]
    fed = rms(x.mT, w[f"{name}.ffn_norm.weight"], 1e-5)
    fed = linear(w, f"{name}.ffn.linear2", functional.gelu(linear(w, f"{name}.ffn.linear1", fed))).mT
    return x + fed * w[f"{name}.ffn_gamma"][:, None]


def causal(w: Weights, name: str, x: torch.Tensor, groups: int = 1) -> torch.Tensor:
    return functional.conv1d(functional.pad(x, (6, 0)), w[f"{name}.weight"], w[f"{name}.bias"], groups=groups)


def decoded(w: Weights, x: torch.Tensor) -> torch.Tensor:
    x = causal(w, f"{DECODER}.upsample_layers.0.0.conv.conv", x)
    for number, ratio in enumerate((1, *tiny.RATIOS)):
        if number:
            up = f"{DECODER}.upsample_layers.{number}.0.convtr.convtr"
            x = functional.conv_transpose1d(x, w[f"{up}.weight"], w[f"{up}.bias"], stride=ratio)[..., :-ratio]
        for place in range(1 if number else 2):
            x = block(w, f"{DECODER}.stages.{number}.{place}", x)
    return causal(w, f"{DECODER}.head.conv.conv", x)


def velocity(w: Weights, x: torch.Tensor, time: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
    angles = time[:, None] * torch.exp(-torch.arange(128) / 128 * torch.log(torch.tensor(10_000.0)))
    told = linear(w, f"{HEAD}.t_embedder.mlp.0", torch.cat([angles.cos(), angles.sin()], dim=-1))
    told = linear(w, f"{HEAD}.t_embedder.mlp.2", functional.silu(told))
    mood = functional.silu(linear(w, f"{HEAD}.cond_proj", condition) + told)
    x = linear(w, f"{HEAD}.noisy_images_proj", x)
    for layer in (f"{HEAD}.layers.{number}" for number in range(SIZE.head_layers)):
        shift, scale, gate = linear(w, f"{layer}.adaLN_modulation.1", mood).chunk(3, dim=-1)
        fed = rms(x, w[f"{layer}.norm.weight"], 1e-5) * (1 + scale) + shift
        fed = functional.silu(linear(w, f"{layer}.ffn.gate_proj", fed)) * linear(w, f"{layer}.ffn.up_proj", fed)
        x = x + gate * linear(w, f"{layer}.ffn.down_proj", fed)
    shift, scale = linear(w, f"{HEAD}.final_layer.adaLN_modulation.1", mood).chunk(2, dim=-1)
    return linear(w, f"{HEAD}.final_layer.linear", rms(x, None, 1e-5) * (1 + scale) + shift)


def test_the_codec_is_the_authors(parts: Parts, weights: Weights) -> None:
    x = torch.randn(1, SIZE.latent, 4, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(parts.decoder(x).audio, decoded(weights, x), rtol=1e-4, atol=1e-5)


def test_the_head_is_the_authors(parts: Parts, weights: Weights) -> None:
    chance = torch.Generator().manual_seed(2)
    x, condition = torch.randn(3, SIZE.latent, generator=chance), torch.randn(3, SIZE.hidden, generator=chance)
    time = torch.tensor([999.0, 400.0, 3.0])
    theirs = velocity(weights, x, time, condition)
    torch.testing.assert_close(parts.head(x, time, condition), theirs, rtol=1e-4, atol=1e-4)


def test_the_small_parts_are_the_authors(parts: Parts, weights: Weights) -> None:
    chance = torch.Generator().manual_seed(3)
    latent, hidden = torch.randn(2, SIZE.latent, generator=chance), torch.randn(2, SIZE.hidden, generator=chance)
    connector = "model.acoustic_connector"
    joined = rms(linear(weights, f"{connector}.fc1", latent), weights[f"{connector}.norm.weight"], 1e-6)
    torch.testing.assert_close(parts.connector(latent), linear(weights, f"{connector}.fc2", joined))
    ended = functional.relu(linear(weights, "tts_eos_classifier.fc1", hidden))
    torch.testing.assert_close(parts.end(hidden), linear(weights, "tts_eos_classifier.fc2", ended))
    torch.testing.assert_close(parts.kinds.weight, weights["model.tts_input_types.weight"])
    torch.testing.assert_close(parts.to_codec(latent), latent / tiny.SCALE - tiny.BIAS)


def test_the_stacks_are_a_qwen_that_was_cut_in_two(parts: Parts, weights: Weights) -> None:
    from transformers import Qwen2Config, Qwen2Model

    whole: Any = Qwen2Model(Qwen2Config(**tiny.config()["decoder_config"])).eval()
    first = SIZE.layers - SIZE.speaking
    named = {"embed_tokens.weight": weights["model.language_model.embed_tokens.weight"]}
    for name, weight in weights.items():
        place, _, rest = name.removeprefix("model.").partition(".layers.")
        number, _, rest = rest.partition(".")
        if place in ("language_model", "tts_language_model") and rest:
            named[f"layers.{int(number) + (first if place.startswith('tts') else 0)}.{rest}"] = weight
    named["norm.weight"] = weights["model.tts_language_model.norm.weight"]
    whole.load_state_dict(named)
    words = torch.tensor([[3, 14, 15, 9, 26]])
    read = parts.text(input_ids=words).last_hidden_state
    torch.testing.assert_close(parts.speech(inputs_embeds=read).last_hidden_state, whole(words).last_hidden_state)
    assert whole.config.rope_parameters["rope_theta"] == parts.speech.config.rope_parameters["rope_theta"] == 1e6


def test_what_is_not_used_is_left() -> None:
    for name in ("model.tts_language_model.embed_tokens.weight", "model.acoustic_tokenizer.encoder.head.conv.conv.bias",
                 "model.language_model.norm.weight", "lm_head.weight"):  # fmt: skip
        assert own_name(name) is None
    assert own_name("model.speech_bias_factor") == "bias"


def test_sixteen_bits_become_the_type_that_is_wanted(tmp_path: Path) -> None:
    folder = tiny.realtime(tmp_path, voices=[], dtype="bfloat16")
    for dtype in (torch.float32, torch.bfloat16):
        parts = load_parts(ModelFolder(folder), dtype)
        assert {weight.dtype for module in parts.stages for weight in module.parameters()} == {dtype}


def _without(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        del weights[name]
        save_file(weights, folder / "model.safetensors")

    return damage


def _of_another_size(folder: Path) -> None:
    config = tiny.config()
    config["diffusion_head_config"]["head_layers"] = 1
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


def _of_another_kind(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "vibevoice_streaming"}', "utf-8")


def _cut_off(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:5000])


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_without("model.speech_scaling_factor"), "scaled by"),
        (_without("tts_eos_classifier.fc2.bias"), "end.2.bias"),
        (_of_another_size, "head.layers.1"),
        (_of_another_kind, "config.json describes no VibeVoice Realtime"),
        (_cut_off, "model.safetensors is damaged"),
        (_pickled, "pytorch_model.bin"),
    ],
)
def test_a_damaged_model_is_told_of(tmp_path: Path, damage: Callable[[Path], None], told: str) -> None:
    folder = tiny.realtime(tmp_path, voices=[])
    damage(folder)
    with pytest.raises(EngineError) as caught:
        load_parts(ModelFolder(folder), torch.float32)
    assert told in str(caught.value) and str(folder) in str(caught.value) and caught.value.code == "model_missing"
