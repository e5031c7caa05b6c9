"""Kokoro with random weights, in the layout of the author's files: it says noise, as long as a text is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

STYLE = 128
HARMONICS = 9
BERT = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "num_hidden_layers": 2}
LETTERS = (
    ";:,.!?—…\"()“” ̃ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyz"
    "ɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ"
)
"""As in the author's config.json, though not with the same numbers."""


def kokoro(
    folder: Path,
    *,
    hidden: int = 32,
    inner: int = 32,
    reminder: int = 8,
    voices: tuple[str, ...] = ("af_heart", "af_bella", "bm_george"),
    prefix: str = "module.",
    names: tuple[str, str] = ("weight_g", "weight_v"),
    layers: int = 1,
    bert: Mapping[str, int] = BERT,
) -> Path:
    """The model and some voices; the author's own classes need `hidden` 512, `inner` 1024 and `reminder` 64."""
    import torch

    torch.manual_seed(10)
    config = settings(hidden, layers, bert)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    parts = {
        part: {prefix + name: tensor for name, tensor in tensors.items()}
        for part, tensors in Tensors(config, hidden, inner, reminder, names).parts()
    }
    torch.save(parts, folder / "kokoro-v1_0.pth")
    (folder / "voices").mkdir(exist_ok=True)
    for voice in voices:
        torch.save(torch.randn(510, 1, 2 * STYLE) / 4, folder / "voices" / f"{voice}.pt")
    return folder


def full(folder: Path) -> Path:
    """As large as the real one, 82 million numbers; a phoneme takes as long as is usual."""
    real = {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 2048, "num_hidden_layers": 12}
    return kokoro(folder, hidden=512, inner=1024, reminder=64, layers=3, bert=real)


def settings(hidden: int, layers: int = 1, bert: Mapping[str, int] = BERT) -> dict[str, Any]:
    """config.json."""
    return {
        "istftnet": {
            "upsample_kernel_sizes": [20, 12],
            "upsample_rates": [10, 6],
            "gen_istft_hop_size": 5,
            "gen_istft_n_fft": 20,
            "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
            "resblock_kernel_sizes": [3, 7],
            "upsample_initial_channel": hidden,
        },
        "dropout": 0.2,
        "hidden_dim": hidden,
        "max_dur": 6,
        "n_layer": layers,
        "n_mels": 80,
        "n_token": len(LETTERS) + 1,
        "style_dim": STYLE,
        "text_encoder_kernel_size": 5,
        "plbert": {**bert, "max_position_embeddings": 512, "dropout": 0.1},
        "vocab": {letter: number for number, letter in enumerate(LETTERS, 1)},
    }


class Tensors:
    """The weights by their names, each part of the model by itself."""

    def __init__(self, config: dict[str, Any], hidden: int, inner: int, reminder: int, names: tuple[str, str]) -> None:
        self._config = config
        self._hidden = hidden
        self._inner = inner
        self._reminder = reminder
        self._length, self._direction = names
        self._made: dict[str, Any] = {}

    def parts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The five parts."""
        yield "bert", self._bert()
        self._linear("", self._config["plbert"]["hidden_size"], self._hidden)
        yield "bert_encoder", self._taken()
        self._predictor()
        yield "predictor", self._taken()
        self._decoder()
        yield "decoder", self._taken()
        self._text_encoder()
        yield "text_encoder", self._taken()

    def _taken(self) -> dict[str, Any]:
        made, self._made = self._made, {}
        return made

    def _bert(self) -> dict[str, Any]:
        from transformers import AlbertConfig, AlbertModel

        model: Any = AlbertModel(AlbertConfig(vocab_size=self._config["n_token"], **self._config["plbert"]))
        return dict(model.state_dict())

    def _predictor(self) -> None:
        import torch

        hidden = self._hidden
        for number in range(self._config["n_layer"]):
            self._lstm(f"text_encoder.lstms.{2 * number}.", hidden + STYLE, hidden // 2)
            self._linear(f"text_encoder.lstms.{2 * number + 1}.fc.", STYLE, 2 * hidden)
        self._lstm("lstm.", hidden + STYLE, hidden // 2)
        self._linear("duration_proj.linear_layer.", hidden, self._config["max_dur"])
        self._lstm("shared.", hidden + STYLE, hidden // 2)
        for curve in ("F0", "N"):
            self._block(f"{curve}.0.", hidden, hidden)
            self._block(f"{curve}.1.", hidden, hidden // 2, longer=True)
            self._block(f"{curve}.2.", hidden // 2, hidden // 2)
            self._plain(f"{curve}_proj.", 1, hidden // 2, 1)
        # Some of it is voiced and some is not.
        self._made["F0_proj.weight"] *= 100
        self._made["F0_proj.bias"] = torch.full((1,), 60.0)

    def _text_encoder(self) -> None:
        import torch

        hidden = self._hidden
        self._made["embedding.weight"] = torch.randn(self._config["n_token"], hidden)
        for number in range(self._config["n_layer"]):
            self._normed(f"cnn.{number}.0.", hidden, hidden, self._config["text_encoder_kernel_size"])
            self._made[f"cnn.{number}.1.gamma"] = torch.rand(hidden) + 0.5
            self._made[f"cnn.{number}.1.beta"] = torch.randn(hidden) / 4
        self._lstm("lstm.", hidden, hidden // 2)

    def _decoder(self) -> None:
        hidden, inner = self._hidden, self._inner
        self._block("encode.", hidden + 2, inner)
        for number in range(3):
            self._block(f"decode.{number}.", inner + 2 + self._reminder, inner)
        self._block("decode.3.", inner + 2 + self._reminder, hidden, longer=True)
        self._normed("F0_conv.", 1, 1, 3)
        self._normed("N_conv.", 1, 1, 3)
        self._normed("asr_res.0.", self._reminder, hidden, 1)
        self._generator()

    def _generator(self) -> None:
        shape = self._config["istftnet"]
        spectrum = shape["gen_istft_n_fft"] + 2
        channels = self._hidden
        self._linear("generator.m_source.l_linear.", HARMONICS, 1)
        rates, kernels = shape["upsample_rates"], shape["upsample_kernel_sizes"]
        for number, kernel in enumerate(kernels):
            self._normed(f"generator.ups.{number}.", channels, channels // 2, kernel, bias=channels // 2)
            channels //= 2
            for place, size in enumerate(shape["resblock_kernel_sizes"]):
                self._snaked(f"generator.resblocks.{number * len(shape['resblock_kernel_sizes']) + place}.",
                             channels, size)  # fmt: skip
            step = math.prod(rates[number + 1 :])
            is_last = number == len(rates) - 1
            self._plain(f"generator.noise_convs.{number}.", channels, spectrum, 1 if is_last else 2 * step)
            self._snaked(f"generator.noise_res.{number}.", channels, 11 if is_last else 7)
        self._normed("generator.conv_post.", spectrum, channels, 7)

    def _block(self, name: str, before: int, after: int, *, longer: bool = False) -> None:
        self._normed(f"{name}conv1.", after, before, 3)
        self._normed(f"{name}conv2.", after, after, 3)
        self._linear(f"{name}norm1.fc.", STYLE, 2 * before)
        self._linear(f"{name}norm2.fc.", STYLE, 2 * after)
        if before != after:
            self._normed(f"{name}conv1x1.", after, before, 1, bias=0)
        if longer:
            self._normed(f"{name}pool.", before, 1, 3)

    def _snaked(self, name: str, channels: int, kernel: int) -> None:
        import torch

        for side in (1, 2):
            for number in range(3):
                self._normed(f"{name}convs{side}.{number}.", channels, channels, kernel)
                self._linear(f"{name}adain{side}.{number}.fc.", STYLE, 2 * channels)
                self._made[f"{name}alpha{side}.{number}"] = torch.rand(1, channels, 1) + 0.5

    def _linear(self, name: str, before: int, after: int) -> None:
        import torch

        self._made[f"{name}weight"] = torch.randn(after, before) / math.sqrt(before)
        self._made[f"{name}bias"] = torch.randn(after) / 10

    def _plain(self, name: str, after: int, before: int, kernel: int) -> None:
        import torch

        self._made[f"{name}weight"] = torch.randn(after, before, kernel) / math.sqrt(before * kernel)
        self._made[f"{name}bias"] = torch.randn(after) / 10

    def _normed(self, name: str, first: int, second: int, kernel: int, *, bias: int | None = None) -> None:
        """A convolution whose weights are stored as a length and a direction."""
        import torch

        self._made[f"{name}{self._length}"] = 0.5 + torch.rand(first, 1, 1) / 2
        self._made[f"{name}{self._direction}"] = torch.randn(first, second, kernel)
        if bias != 0:
            self._made[f"{name}bias"] = torch.randn(bias or first) / 10

    def _lstm(self, name: str, before: int, after: int) -> None:
        import torch

        for direction in ("", "_reverse"):
            self._made[f"{name}weight_ih_l0{direction}"] = torch.randn(4 * after, before) / math.sqrt(before)
            self._made[f"{name}weight_hh_l0{direction}"] = torch.randn(4 * after, after) / math.sqrt(after)
            for side in ("ih", "hh"):
                self._made[f"{name}bias_{side}_l0{direction}"] = torch.randn(4 * after) / 10
