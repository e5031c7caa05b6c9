"""Kokoro's network: phonemes and a style become sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..torch.family import library
from .decoder import Decoder
from .layers import Weights
from .prosody import Prosody, pronounced

if TYPE_CHECKING:
    import torch

PAD = 0
"""Before the first phoneme and after the last."""


class Network:
    """The network in memory; whoever runs it sees to where its weights are."""

    def __init__(self, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> None:
        """Take the model's config.json, and its weights by name."""
        beginning = "bert."
        self._bert = _bert(config, {
            name.removeprefix(beginning): tensor for name, tensor in tensors.items() if name.startswith(beginning)
        })  # fmt: skip
        own = {name: tensor for name, tensor in tensors.items() if not name.startswith(beginning)}
        self._weights = Weights(own)
        self._bert_encoder = self._weights.part("bert_encoder")
        self._prosody = Prosody(self._weights.part("predictor"))
        self._text_encoder = self._weights.part("text_encoder")
        self._decoder = Decoder(self._weights.part("decoder"), config["istftnet"])
        self._style = int(config["style_dim"])

    @property
    def stages(self) -> list[Any]:
        """All of its modules, in the order of their use."""
        # The weights of the second are used without calling it.
        return [self._weights.module, self._bert]

    @property
    def bert(self) -> Any:
        """The part that is a module of the transformers library."""
        return self._bert

    def sound(
        self,
        ids: Sequence[int],
        style: torch.Tensor,
        speed: float,
        generator: torch.Generator,
        check: Callable[[], None] = lambda: None,
    ) -> torch.Tensor:
        """Samples of phonemes by their numbers, in a style of shape (1, n); `check` may raise to end it."""
        import torch

        manner, prosody = style[:, : self._style], style[:, self._style :]
        numbers = torch.tensor([[PAD, *ids, PAD]], device=style.device)
        with self._weights.checking(check):
            text = self._bert_encoder.linear(self._bert(input_ids=numbers).last_hidden_state)
            told = self._prosody.told(text, prosody)
            lengths = self._prosody.lengths(told, speed)
            # Known once, it need not be asked of a GPU again.
            frames = int(lengths.sum())
            pitch, loudness = self._prosody.melody(
                told.repeat_interleave(lengths, dim=1, output_size=frames), prosody
            )
            spoken = pronounced(self._text_encoder, numbers)
            spoken = spoken.repeat_interleave(lengths, dim=2, output_size=frames)
            return self._decoder.sound(spoken, pitch, loudness, manner, generator)[0]


def _bert(config: Mapping[str, Any], tensors: dict[str, torch.Tensor]) -> Any:
    """The part that knows language."""
    settings = library("models.albert.configuration_albert").AlbertConfig(
        vocab_size=config["n_token"], **config["plbert"]
    )
    with library("initialization").no_init_weights():
        # Without what sums a text up, which nobody asks for.
        model = library("models.albert.modeling_albert").AlbertModel(settings, add_pooling_layer=False)
    model.load_state_dict(tensors, assign=True)
    return model.eval().requires_grad_(False)
