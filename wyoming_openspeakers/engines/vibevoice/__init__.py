"""VibeVoice: language models that think in continuous sound, and are heard while they still speak.

The long one has up to four voices in a text and speaks like recordings; the one for real time reads a text while it
speaks, in prepared voices. The main process reads JSON files and the names of voices; only a worker imports torch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ..base import ModelSpec, Voice
from ..capabilities import Capabilities
from ..revision import revision
from ..torch.family import Family
from ..torch.streaming import StreamingFamily, StreamingTorchEngine
from .long import VibeVoiceFamily
from .prompt_voices import FOLDER
from .realtime import RealtimeFamily

_SUFFIXES = (".wav", ".pt", ".safetensors")
"""Of files that are a voice: recordings, and what the author has prepared."""


class VibeVoiceEngine(StreamingTorchEngine[StreamingFamily]):
    """Speaks with one VibeVoice."""

    families: ClassVar[tuple[type[Family], ...]] = (VibeVoiceFamily, RealtimeFamily)

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=1,
        cloning=True,
        dialogue=True,
        devices=("cuda", "mps", "cpu"),
        parks=True,
        licence="MIT",
        parameters={name: schema for family in families for name, schema in family.parameters.items()},
    )

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        found = []
        for voice in super().voices(spec):
            files = (spec.find(f"{FOLDER}/{voice.name}{suffix}") for suffix in _SUFFIXES)
            file = next(filter(None, files), None)
            found.append(replace(voice, revision=f"{voice.revision}-{revision(file)}") if file else voice)
        return found


ENGINE = VibeVoiceEngine
