"""What models take in memory, as it was measured when they were last loaded: the estimate for the next time."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..registry import ModelEntry

_LOGGER = logging.getLogger(__name__)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".onnx", ".gguf")


@dataclass(frozen=True)
class Sizes:
    """Bytes of a model."""

    resident: int
    parked: int = 0


class Measured:
    """Kept in a file, by model and kind of device."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[str, Sizes] = {}
        self._is_new = False
        with suppress(OSError, ValueError, TypeError, AttributeError):
            self._sizes = {key: Sizes(**entry) for key, entry in json.loads(path.read_text(encoding="utf-8")).items()}

    def of(self, model: str, kind: str) -> Sizes | None:
        """What was measured, if it ever was."""
        return self._sizes.get(f"{model} {kind}")

    def note(self, model: str, kind: str, *, resident: int | None = None, parked: int | None = None) -> None:
        """Keep a measurement."""
        before = self.of(model, kind) or Sizes(0)
        sizes = Sizes(before.resident if resident is None else resident, before.parked if parked is None else parked)
        if sizes != before:
            self._sizes[f"{model} {kind}"] = sizes
            self._is_new = True

    def save(self) -> None:
        """Write the file, if there is anything new; blocks."""
        if not self._is_new:
            return
        draft = self._path.with_suffix(".new")
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({key: asdict(sizes) for key, sizes in self._sizes.items()}), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            _LOGGER.warning("%s: %s; the sizes of models are estimated anew the next time", draft, error.strerror)
        self._is_new = False


def estimate(entry: ModelEntry, kind: str, folders: Iterable[Path]) -> Sizes:
    """What a model will take that was never loaded: what its entry says, or as much as its weights take on disk."""
    said = entry.ram if kind == "cpu" else entry.vram
    size = said or _weights(folders)
    return Sizes(size, 0 if kind == "cpu" else size)


def _weights(folders: Iterable[Path]) -> int:
    for folder in folders:
        files = [path for path in folder.rglob("*") if path.suffix in _WEIGHTS and path.is_file()]
        # A repository may hold its weights in several formats, of which one is loaded.
        by_format = {path.suffix: sum(p.stat().st_size for p in files if p.suffix == path.suffix) for path in files}
        if by_format:
            return by_format.get(".safetensors") or max(by_format.values())
    return 0
