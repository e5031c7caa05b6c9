"""What a small speech recogniser hears in a piece of audio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from faster_whisper import WhisperModel

_RATE = 16000


class Recogniser:
    """Whisper tiny.en: weak enough to stumble where a person would have to listen twice."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "model.bin").exists():
            raise FileNotFoundError(f"no speech recogniser in {folder}; script/assets puts it there")
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def hear(self, samples: npt.NDArray[np.float32], rate: int) -> str:
        """Transcribe English speech."""
        segments, _ = self._model.transcribe(soxr.resample(samples, rate, _RATE), language="en", beam_size=5)
        return " ".join(segment.text.strip() for segment in segments)

    def hear_words(self, samples: npt.NDArray[np.float32], rate: int) -> list[tuple[str, float]]:
        """The words of English speech, each with the second at which it starts."""
        sound = soxr.resample(samples, rate, _RATE)
        segments, _ = self._model.transcribe(sound, language="en", beam_size=1, word_timestamps=True)
        return [(word.word.strip(), word.start) for segment in segments for word in segment.words or ()]
