"""The voices of VibeVoice Realtime: files by names such as `en-Carter_man`, which say what they are."""

from __future__ import annotations

from pathlib import Path

from ...base import ModelSpec, Voice
from ...revision import revision

RATE = 24_000

FOLDERS = ("voices", "demo/voices")
"""Where they are looked for below the model's folders, and in folders of these."""

DEFAULT = "en-Carter_man"

_LANGUAGES = {
    "en": ("en", "English"),
    "in": ("en-IN", "Indian English"),
    "de": ("de", "German"),
    "fr": ("fr", "French"),
    "it": ("it", "Italian"),
    "jp": ("ja", "Japanese"),
    "kr": ("ko", "Korean"),
    "nl": ("nl", "Dutch"),
    "pl": ("pl", "Polish"),
    "pt": ("pt", "Portuguese"),
    "sp": ("es", "Spanish"),
}
"""What the authors' names begin with: most are names of countries. All but English is an experiment of theirs."""

_GENDERS = {"man": "male", "woman": "female"}


def voice_files(spec: ModelSpec) -> dict[str, Path]:
    """The file of each voice by its name, the default voice first, then by language."""
    found: dict[str, Path] = {}
    for suffix in (".safetensors", ".pt"):
        for folder in (Path(path) / name for path in spec.paths for name in FOLDERS):
            for file in sorted(folder.rglob(f"*{suffix}")):
                # What was converted has the state of its pickle in its name.
                if "." not in file.stem:
                    found.setdefault(file.stem, file)
    places = {language: place for place, language in enumerate(_LANGUAGES)}
    order = sorted(found, key=lambda name: (name != DEFAULT, places.get(name.partition("-")[0], len(places)), name))
    return {name: found[name] for name in order}


def describe(name: str, file: Path) -> Voice:
    """What a voice's name says of it."""
    prefix, _, rest = name.rpartition("-")
    speaker, _, kind = rest.rpartition("_")
    language, spoken = _LANGUAGES.get(prefix, ("en", "English"))
    gender = _GENDERS.get(kind)
    words = [(speaker or rest).capitalize(), spoken, *([gender] if gender else [])]
    if language[:2] != "en":
        words.append("experimental")
    return Voice(name, (language,), ", ".join(words), gender, rate=RATE, revision=revision(file))
