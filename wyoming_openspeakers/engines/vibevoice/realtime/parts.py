"""VibeVoice Realtime in memory: the library's own modules with the author's published weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...base import EngineError
from ...torch.checkpoint import read_tensors
from ...torch.family import library
from ...torch.folder import ModelFolder
from .names import own_name

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Parts:
    """What speaks."""

    text: Any
    """The lower layers, which only read."""

    speech: Any
    """The upper layers, which read what the lower ones say, and speak."""

    kinds: Any
    """What marks a token as speech (0) or text (1)."""

    head: Any
    """Makes sound of noise as the upper layers say, in numbers of the codec."""

    connector: Any
    """Makes of these numbers a token for the upper layers."""

    decoder: Any
    """The codec's half that makes samples."""

    end: Any
    """Says whether that was all."""

    scale: float
    bias: float
    """The numbers of the codec are these of the head, divided and then lowered."""

    def to_codec(self, latent: torch.Tensor) -> torch.Tensor:
        """The head's numbers as the codec wants them."""
        return latent / self.scale - self.bias

    @property
    def stages(self) -> list[Any]:
        """All modules: those that a graph may run, which waits for none, before one that is called for each text."""
        return [
            self.text.embed_tokens, self.text.rotary_emb, *self.text.layers, self.kinds, self.head, self.decoder,
            self.connector, self.end, self.speech.rotary_emb, *self.speech.layers, self.speech.norm,
        ]  # fmt: skip

    @property
    def watched(self) -> list[Any]:
        """Modules that take some milliseconds each."""
        decoding = [block for layer in (self.decoder.stem, *self.decoder.conv_layers) for block in layer.stage]
        return [*self.text.layers, *self.speech.layers, *(layer.ffn for layer in self.head.layers), *decoding]


def load_parts(folder: ModelFolder, dtype: torch.dtype) -> Parts:
    """The model on the processor."""
    files = folder.weights()
    if other := next((file.name for file in files if file.suffix != ".safetensors"), None):
        text = f"{other} in {folder.path} may hold more than weights; download model.safetensors instead"
        raise EngineError(text, "model_missing")
    try:
        modules = _empty(folder.config)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        text = f"{folder.path / 'config.json'} describes no VibeVoice Realtime ({reason}); download the model again"
        raise EngineError(text, "model_missing") from error
    tensors = {own_name(name): tensor for name, tensor in read_tensors(files).items()}
    tensors.pop(None, None)
    factors = [_factor(tensors.pop(name, None), folder.path) for name in ("scale", "bias")]
    try:
        found = modules.load_state_dict({name: part.to(dtype) for name, part in tensors.items()}, False, assign=True)
    except RuntimeError as error:
        raise _misfit(folder.path, str(error).splitlines()[-1].strip()) from error
    if wrong := [*found.missing_keys, *found.unexpected_keys]:
        raise _misfit(folder.path, f"{len(wrong)} weights are missing or unknown: {wrong[0]}")
    modules.eval().requires_grad_(False)
    return Parts(**modules, scale=factors[0], bias=factors[1])


def _empty(config: Mapping[str, Any]) -> Any:
    """All modules, with weights that nobody has written yet."""
    from torch import nn

    hidden = int(config["decoder_config"]["hidden_size"])
    latent = int(config["diffusion_head_config"]["latent_size"])
    speaking = int(config["tts_backbone_num_hidden_layers"])
    reading = int(config["decoder_config"]["num_hidden_layers"]) - speaking
    qwen = library("models.qwen2.modeling_qwen2").Qwen2Model
    modeling = library("models.vibevoice.modeling_vibevoice")
    codec = library("models.vibevoice_acoustic_tokenizer.modeling_vibevoice_acoustic_tokenizer")
    with library("initialization").no_init_weights():
        parts = {
            "text": qwen(_stack(config, reading)),
            "speech": qwen(_stack(config, speaking, vocab_size=1)),
            "kinds": nn.Embedding(2, hidden),
            "head": modeling.VibeVoiceDiffusionHead(_head(config)),
            "connector": modeling.VibeVoiceMultiModalProjector(latent, hidden),
            "decoder": codec.VibeVoiceAcousticTokenizerDecoderModel(_decoder(config)),
            "end": nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)),
        }
    parts["text"].norm = nn.Identity()
    parts["speech"].embed_tokens = nn.Identity()
    return nn.ModuleDict(parts)


def _stack(config: Mapping[str, Any], layers: int, **settings: Any) -> Any:
    known = {**config["decoder_config"], "num_hidden_layers": layers, **settings}
    for name in ("model_type", "torch_dtype", "dtype", "layer_types"):
        known.pop(name, None)
    return library("models.qwen2.configuration_qwen2").Qwen2Config(**known)


def _head(config: Mapping[str, Any]) -> Any:
    known = config["diffusion_head_config"]
    if known.get("prediction_type", "v_prediction") != "v_prediction":
        raise ValueError(f"prediction_type is {known['prediction_type']}")
    hidden = int(known["hidden_size"])
    return library("models.vibevoice.configuration_vibevoice").VibeVoiceDiffusionHeadConfig(
        hidden_size=hidden,
        latent_size=int(known["latent_size"]),
        num_hidden_layers=int(known["head_layers"]),
        intermediate_size=int(hidden * float(known["head_ffn_ratio"])),
        rms_norm_eps=float(known["rms_norm_eps"]),
    )


def _decoder(config: Mapping[str, Any]) -> Any:
    known = config["acoustic_tokenizer_config"]
    depths = [int(depth) for depth in str(known.get("decoder_depths") or "").split("-") if depth]
    module = library("models.vibevoice_acoustic_tokenizer.configuration_vibevoice_acoustic_tokenizer")
    return module.VibeVoiceAcousticTokenizerDecoderConfig(
        channels=int(known["channels"]),
        hidden_size=int(known["vae_dim"]),
        num_filters=int(known["decoder_n_filters"]),
        # It goes up the way that its other half goes down.
        downsampling_ratios=list(reversed(known.get("decoder_ratios") or known["encoder_ratios"])),
        depths=depths or [int(depth) for depth in reversed(known["encoder_depths"].split("-"))],
        rms_norm_eps=float(known["layernorm_eps"]),
    )


def _factor(tensor: torch.Tensor | None, path: Path) -> float:
    """A factor as a plain number: asking the device for it would wait for it."""
    if tensor is None or not math.isfinite(number := float(tensor)):
        raise _misfit(path, "what the sound is scaled by is missing")
    return number


def _misfit(path: Path, reason: str) -> EngineError:
    text = f"The weights in {path} do not fit its config.json ({reason}); download them again"
    return EngineError(text, "model_missing")
