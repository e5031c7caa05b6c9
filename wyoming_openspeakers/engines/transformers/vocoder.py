"""Finds the model that makes sound of spectrograms."""

from __future__ import annotations

from ..base import ModelSpec
from ..torch.folder import ModelFolder, find_folder

VOCODER_FOLDERS = ("vocoder", "speecht5_hifigan", "fastspeech2_conformer_hifigan", "hifigan")
"""Where the files of a vocoder are looked for below a model's folder."""

VOCODERS = ("hifigan", "speecht5_hifigan", "fastspeech2_conformer_hifigan")
"""The library's names of the kinds that make sound of frames."""


def find_vocoder(spec: ModelSpec, folder: ModelFolder) -> ModelFolder | None:
    """The folder of a HiFi-GAN that makes sound of what a model says: in its folder, or another of the model's."""
    below = [ModelFolder(folder.path / name) for name in VOCODER_FOLDERS]
    beside = [found for path in spec.paths if (found := find_folder(ModelSpec("", "", (path,))))]
    return next((place for place in (*below, *beside) if place.kind in VOCODERS), None)
