"""Which files of a repository a model needs, when no list says so."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_SETTINGS = ("*.json", "*.jinja", "vocab*.txt", "merges*.txt", "*.model", "*.spm", "*.tiktoken")
_NOT_SETTINGS = ("trainer_state.json", "all_results.json", "*_results.json", "optimizer*", "scheduler*", ".*")

_WEIGHTS = (
    "transformers-*-of-*.safetensors",
    "model.safetensors",
    "model-*-of-*.safetensors",
    "pytorch_model.bin",
    "pytorch_model-*-of-*.bin",
)
"""The first of these that a folder has is fetched: two formats of the same weights are of no use.

Where the weights of the library have a name of their own, `model` are those of its maker's program.
"""

_OTHER_FORMATS = {"onnx", "openvino", "coreml", "gguf", "tflite", "runs", "logs", "original"}
_VOICES = {"speaker_embeddings", "speakers", "voices", "voice_presets", "presets"}
_VOICE_FILES = ("*.npy", "*.npz", "*.json", "*.safetensors", "*.wav")


def choose_files(paths: Iterable[str]) -> list[str]:
    """Settings, tokenizer, weights in one format and voices of a model; no weights means that it has none to use."""
    folders: dict[PurePosixPath, list[str]] = {}
    for path in sorted(paths):
        folders.setdefault(PurePosixPath(path).parent, []).append(PurePosixPath(path).name)
    chosen = []
    for folder, names in folders.items():
        if _is_left_out(folder):
            continue
        if any(part in _VOICES for part in folder.parts):
            wanted = [name for name in names if _matches(name, _VOICE_FILES)]
        elif "config.json" in names:
            wanted = [*(name for name in names if _is_setting(name)), *_weights(names)]
        else:
            wanted = []
        chosen += [str(folder / name) for name in wanted]
    return sorted(chosen)


def has_weights(paths: Iterable[str]) -> bool:
    """Whether weights for the model itself are among the files."""
    return any(path.endswith((".safetensors", ".bin")) and "/" not in path for path in paths)


def _is_left_out(folder: PurePosixPath) -> bool:
    return any(part in _OTHER_FORMATS or part.startswith((".", "checkpoint-")) for part in folder.parts)


def _is_setting(name: str) -> bool:
    return _matches(name, _SETTINGS) and not _matches(name, _NOT_SETTINGS)


def _weights(names: list[str]) -> list[str]:
    return next((found for pattern in _WEIGHTS if (found := [n for n in names if fnmatchcase(n, pattern)])), [])


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
