"""A voice as the model goes on from it: what its layers keep of a recording that they have read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...base import EngineError, ModelSpec
from ...torch.checkpoint import read_tensors
from .conversion import converted

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Prompt:
    """A voice, in the host's memory. A state has layers, keys and values, heads, tokens and a head's numbers."""

    text: torch.Tensor
    speech: torch.Tensor

    free: torch.Tensor
    """As it speaks when it knows no text: what guidance leads away from."""

    free_last: torch.Tensor
    """What the last layer said then."""

    @property
    def length(self) -> int:
        """Tokens of its longest state."""
        return max(int(state.shape[3]) for state in (self.text, self.speech, self.free))


def read_prompt(file: Path, spec: ModelSpec, config: Mapping[str, Any]) -> Prompt:
    """A voice for a model of this config.json."""
    with converted(file, spec) as path:
        tensors = read_tensors([path])
    decoder = config["decoder_config"]
    speaking = int(config["tts_backbone_num_hidden_layers"])
    heads = int(decoder["num_key_value_heads"])
    size = int(decoder["hidden_size"]) // int(decoder["num_attention_heads"])
    try:
        states = (tensors[name] for name in ("lm", "tts_lm", "neg_tts_lm"))
        text, speech, free = (state.reshape(-1, 2, *state.shape[-3:]) for state in states)
        last = tensors["neg_tts_lm.last"].reshape(-1, int(decoder["hidden_size"]))[-1]
    except (KeyError, RuntimeError):
        raise EngineError(f"{file} holds no voice; download it again", "model_missing") from None
    layers = int(decoder["num_hidden_layers"])
    for state, count in ((text, layers - speaking), (speech, speaking), (free, speaking)):
        if (state.shape[0], state.shape[2], state.shape[4]) != (count, heads, size):
            reason = f"{file} is a voice for another model; download the one for this model"
            raise EngineError(reason, "model_missing")
    return Prompt(text, speech, free, last)
