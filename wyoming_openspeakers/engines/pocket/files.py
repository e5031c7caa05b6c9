"""What lies in a folder of Pocket-TTS: its codec and its voices, read without any package."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..base import ModelSpec, Voice
from ..torch.folder import ModelFolder

CODEC = "audio_tokenizer"
"""The folder below with the codec, which is a model of its own."""

LANGUAGES = {
    "english": "en", "french": "fr", "german": "de", "italian": "it", "portuguese": "pt", "spanish": "es",
    "dutch": "nl", "czech": "cs", "hindi": "hi", "korean": "ko", "indonesian": "id", "estonian": "et",
}  # fmt: skip
"""Each has a model of its own, which only its name tells."""


@dataclass(frozen=True)
class Codec:
    """The codec's files."""

    folder: ModelFolder

    @property
    def can_hear(self) -> bool:
        """Whether it has what makes codes of sound; the files that everybody may download have not."""
        config = self.folder.config
        return bool(config) and not ("encoder_config" in config and config["encoder_config"] is None)

    @property
    def rate(self) -> int:
        """Hertz of its sound."""
        return int(self.folder.config.get("sampling_rate") or 24_000)

    def missing(self) -> str | None:
        """What of it is not there, in a sentence."""
        if not (self.folder.path / "config.json").is_file():
            return f"Pocket-TTS needs its codec: put the files of the repository that processor_config.json names as " \
                   f"audio_tokenizer into {self.folder.path}"  # fmt: skip
        return self.folder.missing()


def codec_of(folder: ModelFolder) -> Codec:
    """The codec of a model."""
    return Codec(ModelFolder(folder.path / CODEC))


def describe(names: Iterable[str], path: Path, spec: ModelSpec, rate: int, *, can_hear: bool) -> list[Voice]:
    """Voices of these names of the model in a folder; who clones needs none, but a name."""
    languages = spec.languages or (language_of(path),)
    voices = [Voice(name, languages, name.replace("_", " ").title(), rate=rate) for name in names]
    if not voices and can_hear:
        voices = [Voice("default", languages, "Somebody else in each sentence", rate=rate)]
    return voices


def voice_files(folder: ModelFolder) -> dict[str, Path]:
    """The voices that come with a model, by name."""
    return {path.stem: path for path in sorted((folder.path / "voices").glob("*.safetensors"))}


def language_of(path: Path) -> str:
    """What a model's folder or the one above it says of its language; English when they say nothing."""
    for part in (path.name, path.parent.name):
        for word in re.split(r"[^a-z]+", part.lower()):
            if word in LANGUAGES:
                return LANGUAGES[word]
    return "en"
