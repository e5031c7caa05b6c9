"""A whole text as one WAV."""

from __future__ import annotations

import io
import wave

import numpy as np

from ...errors import TextTooLong

_MOST_BYTES = 64_000_000
"""Audio of one message: a quarter of what MQTT can carry, and more than twenty minutes."""

_WIDTH = 2


class Wav:
    """Collects s16le mono."""

    def __init__(self) -> None:
        self.rate = 0
        """Hertz; to be known before the file is made."""

        self._pcm = bytearray()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self._pcm) / _WIDTH / self.rate

    def add(self, pcm: bytes) -> None:
        """Add to the end; raises TextTooLong when it is more than one message carries."""
        self._pcm += pcm
        if len(self._pcm) > _MOST_BYTES:
            raise TextTooLong("The text is too long to be sent as one WAV")

    def file(self, volume: float | None = None) -> bytes:
        """The file, at a part of its loudness where that is wanted; takes a moment for long ones."""
        pcm: bytes | bytearray = self._pcm
        if volume is not None and volume != 1:
            samples = np.frombuffer(pcm, "<i2") * min(volume, 100.0)
            pcm = np.clip(samples, -32768, 32767).astype("<i2").tobytes()
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(_WIDTH)
            writer.setframerate(self.rate)
            writer.writeframes(pcm)
        return file.getvalue()
