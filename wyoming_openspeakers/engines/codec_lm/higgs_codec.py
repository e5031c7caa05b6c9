"""Higgs' codec: codes of recordings, and sound of codes while more of them come."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import EngineError, ModelSpec, Samples
from ..torch.family import library, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.transfer import there
from .dac_stream import DacStream
from .frames import Frame

if TYPE_CHECKING:
    import torch

KIND = "higgs_audio_v2_tokenizer"

FOLDERS = ("audio_tokenizer", "higgs-audio-v2-tokenizer", "codec")
"""Where its files are looked for below a model's folder."""

UNUSED = ("decoder_semantic", "fc1")
"""What it was only trained with."""

SHORTEST = 0.5
"""Seconds of a recording that say something about a voice."""

ZEROS = 6
"""How far a resampler's filter reaches, in periods of the highest tone that it lets through."""

ROLL_OFF = 0.99
"""What is let through, as a part of what could be."""


def find_codec(spec: ModelSpec) -> ModelFolder | None:
    """The codec's folder: below one of the model's, or one of them."""
    places = [ModelFolder(Path(path) / name) for path in spec.paths for name in ("", *FOLDERS)]
    return next((place for place in places if place.kind == KIND), None)


class HiggsCodec:
    """The codec, in 32 bits: it would be heard to round."""

    def __init__(self, folder: ModelFolder) -> None:
        import torch

        self._model = load_model(codec_class(), folder, torch.float32)
        for name in UNUSED:
            delattr(self._model, name)
        config = self._model.config
        self.rate = int(config.sample_rate)
        self.codebooks = int(config.num_quantizers)
        self.codes = int(config.codebook_size)
        """Of each codebook."""

        self.samples = math.prod(config.acoustic_model_config.upsampling_ratios)
        """Of a frame."""

    @property
    def stages(self) -> list[Any]:
        """All of its modules, what is not called as a module first."""
        first = ("quantizer", "fc2", "acoustic_decoder")
        parts = dict(self._model.named_children())
        return [*(parts.pop(name) for name in first), *parts.values()]

    @property
    def watched(self) -> list[Any]:
        """Those of its modules that take long with a recording."""
        model = self._model
        hearing = model.semantic_model
        return [*model.acoustic_encoder.block, *hearing.feature_extractor.conv_layers, *hearing.encoder.layers]

    def encode(self, rate: int, samples: Samples) -> list[Frame]:
        """The frames of a recording."""
        import torch

        if samples.size < SHORTEST * rate:
            text = "The recording of this voice is too short to speak like it; upload some seconds of speech"
            raise EngineError(text, "bad_parameter")
        heard = torch.from_numpy(samples).to(next(self._model.parameters()).device)
        heard = resampled(heard, rate, self.rate)
        frames: list[Frame] = self._model.encode(heard[None, None]).audio_codes[0].T.tolist()
        # The library would remember the model for good.
        type(self._model)._get_conv1d_layers.cache_clear()
        return frames

    def sound(self) -> HiggsSound:
        """A decoder for a piece of text."""
        return HiggsSound(self, self._model)


class HiggsSound:
    """The sound of one piece of text."""

    def __init__(self, codec: HiggsCodec, model: Any) -> None:
        self._model = model
        self._stream = DacStream(model.acoustic_decoder)
        self.ahead = math.ceil(self._stream.lag / codec.samples)
        self.seconds = codec.samples / codec.rate

    def push(self, frames: list[Frame]) -> Samples:
        """The sound that is certain with these frames."""
        return self._sound(frames, is_last=False)

    def finish(self, frames: list[Frame]) -> Samples:
        """The rest of the sound, with the last frames."""
        return self._sound(frames, is_last=True)

    def _sound(self, frames: list[Frame], *, is_last: bool) -> Samples:
        import torch

        model = self._model
        place = model.fc2.weight.device
        if frames:
            codes = there(frames, place)
            meaning = model.fc2(model.quantizer.decode(codes.T[:, None]).transpose(1, 2)).transpose(1, 2)
        else:
            meaning = torch.zeros(1, model.fc2.out_features, 0, device=place)
        sound = self._stream.push(meaning, is_last)
        return to_samples(sound) if sound.shape[-1] else np.zeros(0, np.float32)


def codec_class() -> Any:
    """The library's codec. Of torchaudio, which has to fit torch and mostly is not there, it wants one function."""
    module = f"models.{KIND}.modeling_{KIND}"
    # What is there and what is not, the library remembers: it has to look before something stands in.
    library("models.auto.modeling_auto")
    library("utils.import_utils").is_torchaudio_available()
    library(f"models.{KIND}")
    with _standing_in("torchaudio", functional=SimpleNamespace(resample=resampled)):
        return library(module).HiggsAudioV2TokenizerModel


@contextmanager
def _standing_in(name: str, **content: Any) -> Iterator[None]:
    """Let this be imported as a package that is not."""
    if name in sys.modules:
        yield
        return
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    vars(module).update(content)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]


def resampled(sound: torch.Tensor, rate: int, wanted: int) -> torch.Tensor:
    """Sound at another rate, by a sinc in a Hann window, as the codec was trained with."""
    import torch

    if rate == wanted:
        return sound
    common = math.gcd(rate, wanted)
    rate, wanted = rate // common, wanted // common
    highest = min(rate, wanted) * ROLL_OFF
    width = math.ceil(ZEROS * rate / highest)
    inputs = torch.arange(-width, width + rate, dtype=torch.float64) / rate
    outputs = torch.arange(wanted, dtype=torch.float64)[:, None] / wanted
    times = ((inputs - outputs) * highest).clamp(-ZEROS, ZEROS)
    kernel = torch.sinc(times) * torch.cos(times * math.pi / ZEROS / 2) ** 2 * (highest / rate)
    flat = torch.nn.functional.pad(sound.reshape(-1, 1, sound.shape[-1]), (width, width + rate))
    parts = torch.nn.functional.conv1d(flat, kernel[:, None].float().to(flat), stride=rate)
    length = math.ceil(wanted * sound.shape[-1] / rate)
    return parts.transpose(1, 2).reshape(*sound.shape[:-1], -1)[..., :length]
