"""The voices of one VibeVoice in memory: as latents, which are what it is prompted with."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
import wave
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..base import EngineError, ModelSpec, Reference, Samples
from ..prompts import PromptCache, read_reference
from ..torch.folder import ModelFolder
from .prompt_voices import LONGEST, OWN, Loudness, extractor_settings, listen, reference_of

if TYPE_CHECKING:
    import torch

_LOGGER = logging.getLogger(__name__)

Make = Callable[[int], Samples]
"""Says something without being told whose voice to use, by this seed."""


class Voices:
    """Finds the latents of a voice: those of recordings, of a recording in the folder, or of one that is made."""

    def __init__(
        self, spec: ModelSpec, folder: ModelFolder, rate: int, hop: int, encode: Callable[[Samples], torch.Tensor]
    ) -> None:
        self._folder = folder
        self._cache = Path(spec.cache_path) if spec.cache_path else None
        self._rate = rate
        self._most = round(LONGEST * rate / hop)
        self._encode = encode
        self._even = Loudness.of(extractor_settings(folder))
        self._latents: PromptCache[torch.Tensor] = PromptCache()
        self._made: dict[str, torch.Tensor] = {}

    def of_recordings(self, references: Sequence[Reference]) -> torch.Tensor:
        """Those of recordings of one voice."""
        import torch

        return torch.cat([self._listened(reference) for reference in references])[: self._most]

    def named(self, name: str, make: Make) -> tuple[str, torch.Tensor]:
        """Those of a voice by its name, and what it is known by."""
        if reference := reference_of(self._folder.path, name):
            return reference.digest, self._listened(reference)
        if name not in OWN:
            raise EngineError(f"There is no voice {name!r}", "unknown_voice")
        if name not in self._made:
            self._made[name] = self._encode(self._even(self._own(name, make)))
        return name, self._made[name]

    def forget(self, digests: Collection[str]) -> None:
        """Drop what was made of recordings that are gone."""
        self._latents.forget(digests)

    def _listened(self, reference: Reference) -> torch.Tensor:
        return self._latents.get(reference, lambda: self._encode(self._even(listen(reference, self._rate))))

    def _own(self, name: str, make: Make) -> Samples:
        """What a voice of the model's own says first, made at the first time of all where it can be kept."""
        state = hashlib.sha256(f"{name} {self._folder.revision}".encode()).hexdigest()[:12]
        path = self._cache / f"{name}-{state}.wav" if self._cache else None
        if path is not None and path.is_file():
            try:
                rate, samples = read_reference(Reference(str(path), state))
                if rate == self._rate and samples.size:
                    return samples
            except EngineError:
                _LOGGER.warning("%s is damaged and made anew", path)
        # As it is when it was kept, or the voice would change with the next start.
        samples = (np.clip(make(OWN.index(name)), -1, 1) * 32767).astype("<i2")
        if path is not None:
            _keep(path, samples.tobytes(), self._rate)
        return samples.astype(np.float32) / np.float32(32768)


def _keep(path: Path, frames: bytes, rate: int) -> None:
    """Write beside and rename, so that a crash leaves nothing half done. A cache that cannot be written is no error."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(frames)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, scratch = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(number, "wb") as kept:
            kept.write(content.getvalue())
        Path(scratch).replace(path)
    except OSError as error:
        _LOGGER.warning("%s cannot be kept: %s", path, error)
