"""Piper voices, streamed inside a sentence.

Any voice of the Piper project: a pair of files `<name>.onnx` and `<name>.onnx.json`. The `piper-tts` package, which is
under the GPL, turns text into phonemes; it is an optional extra and imported only in a worker.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import os
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Voice
from .capabilities import Capabilities
from .control import Cancelled
from .offer import offered
from .onnx_session import Tensor, on_processor, threads
from .phoneme_words import Phonemes, PhonemeWords, sounding
from .revision import revision
from .vits_cache import open_voice
from .vits_stream import Voice as VitsVoice

_LOGGER = logging.getLogger(__name__)

MOST_OPEN = 4
"""Voices kept in memory, about 150 MB each."""

MOST_WORDS = 4096
"""Words of a voice whose phonemes are remembered."""

DEEPEST = 5
"""Folders below a model's folder that are searched for voices; the project's own tree has four."""


class PiperEngine(Engine):
    """Speaks with every Piper voice in the model's folders."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=16,
        parallel=True,
        speed=(0.25, 4.0),
        words=True,
        licence="GPL-3.0-or-later",
        parameters={
            "noise_scale": {
                "type": "number",
                "minimum": 0,
                "maximum": 2,
                "description": "How much the sound varies; the voice's own value, mostly 0.667, when left out",
            },
            "noise_w_scale": {
                "type": "number",
                "minimum": 0,
                "maximum": 2,
                "description": "How much the rhythm varies; the voice's own value, mostly 0.8, when left out",
            },
        },
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "piper")
        self._open: OrderedDict[str, _OpenVoice] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        return offered((found.voice for found in _find(spec).values()), spec)

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        if not _installed():
            return "Piper is not installed: pip install 'wyoming-openspeakers[piper]'"
        if not cls.voices(spec):
            places = ", ".join(spec.paths) or "no folder"
            return f"There is no Piper voice (a pair of .onnx and .onnx.json) in {places}"
        return None

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("Piper", device)
        if problem := self.problem(spec):
            raise EngineError(problem, "model_missing" if _installed() else "package_missing")
        self._spec = spec
        voice = spec.voice or self.voices(spec)[0].name
        # Short and long, because a first run of a shape is slower than the next ones.
        for text in ("Hello.", "This is the voice of your home, and it is ready to speak."):
            for _ in self.stream(EngineRequest(text, voice)):
                pass

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        voice = self._voice(request.voice)
        feeds = voice.settings(request, self._spec.parameters)
        reading = voice.read(request.text)
        begun = 0
        for number, phonemes in enumerate(reading.sentences):
            ids = voice.ids(phonemes)
            if request.cancel:
                raise Cancelled
            sentence = {
                **feeds,
                "input": np.array([ids], np.int64),
                "input_lengths": np.array([len(ids)], np.int64),
            }
            timing = _Timing()
            spoken = 0
            for samples in voice.vits.speak(sentence, request.cancel, request.share, timing.heed):
                spoken += len(samples)
                # With the last chunk, so that the first does not wait.
                edges = voice.edges(phonemes, timing, begun) if spoken == timing.samples else None
                yield Audio(samples, voice.rate, reading.times(number, edges) if edges else ())
            begun += spoken

    def unload(self) -> None:
        with self._lock:
            self._open.clear()

    def _voice(self, name: str) -> _OpenVoice:
        with self._lock:
            voice = self._open.pop(name, None)
            if voice is None:
                found = _find(self._spec).get(name)
                if found is None:
                    raise EngineError(f"There is no Piper voice {name!r}", "unknown_voice")
                voice = _OpenVoice(found, self._spec)
            self._open[name] = voice
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return voice


def _installed() -> bool:
    return importlib.util.find_spec("piper") is not None


@dataclass(frozen=True)
class _Found:
    """A voice on disk."""

    model: Path
    config: Mapping[str, Any]
    voice: Voice


class _Timing:
    """How long the phonemes of a sentence last."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        """In samples, of each phoneme id."""

        self.samples = -1

    def heed(self, frames: Tensor, hop: int) -> None:
        """Take in what the voice tells."""
        self.lengths = [round(count) * hop for count in frames.tolist()]
        self.samples = sum(self.lengths)


class _OpenVoice:
    """A voice in memory, with its phonemes."""

    def __init__(self, found: _Found, spec: ModelSpec) -> None:
        voice: Any = importlib.import_module("piper.voice")
        config: Any = importlib.import_module("piper.config")
        cache = Path(spec.cache_path) if spec.cache_path else None
        try:
            self._config = config.PiperConfig.from_dict(dict(found.config))
        except (KeyError, TypeError, ValueError) as error:
            raise EngineError(f"{found.model.name}.json is not the file of a Piper voice: {error}") from error
        self._phonemes = voice.PiperVoice(None, self._config, download_dir=cache or Path.cwd())
        self.rate: int = self._config.sample_rate
        self._alone = lru_cache(MOST_WORDS)(self._phonemes_of)
        self.vits: VitsVoice = open_voice(found.model, self._config.num_symbols, cache, threads(spec))

    def read(self, text: str) -> PhonemeWords:
        """The phonemes of each sentence that has something to say."""
        sentences = [
            phonemes
            for phonemes in self._phonemes.phonemize(text)
            if any(unicodedata.category(mark[0])[0] in "LN" for mark in phonemes if mark)
        ]
        return PhonemeWords(text, sentences, self._alone)

    def _phonemes_of(self, word: str) -> str:
        return "".join(map(sounding, self._phonemes.phonemize(word)))

    def ids(self, phonemes: Phonemes) -> list[int]:
        """The numbers by which the model knows the phonemes, with their padding."""
        ids: list[int] = self._phonemes.phonemes_to_ids(phonemes)
        return ids

    def edges(self, phonemes: Phonemes, timing: _Timing, begun: int) -> list[float] | None:
        """The times between phonemes in seconds; None where it is not known which ids each of them became."""
        known = self._config.phoneme_id_map
        if self._config.phoneme_type.value != "espeak":
            return None
        # Each is followed by padding; so is what marks the begin, and what marks the end is not.
        counts = [len(known[phoneme]) + 1 if phoneme in known else 0 for phoneme in phonemes]
        marks = len(known["^"]) + 1
        if marks + sum(counts) + len(known["$"]) != len(timing.lengths):
            return None
        ends = accumulate(timing.lengths, initial=begun)
        moments = [moment / self.rate for moment in ends]
        return [moments[place] for place in accumulate(counts, initial=marks)]

    def settings(self, request: EngineRequest, defaults: Mapping[str, Any]) -> dict[str, Tensor]:
        """The inputs of the model that are the same for all sentences of a request."""
        values = {**defaults, **request.parameters}
        noise = values.get("noise_scale", self._config.noise_scale)
        rhythm = values.get("noise_w_scale", self._config.noise_w_scale)
        scales = [noise, self._config.length_scale / request.speed, rhythm]
        speaker = self._config.default_speaker_id
        if request.speaker is not None:
            speaker = self._config.speaker_id_map.get(request.speaker)
            if speaker is None:
                raise EngineError(f"{request.voice} has no speaker {request.speaker!r}", "unknown_voice")
        return {"scales": np.array(scales, np.float32), "sid": np.array([speaker], np.int64)}


def _find(spec: ModelSpec) -> dict[str, _Found]:
    """The voices by name, sorted; the first folder that has one wins."""
    found: dict[str, _Found] = {}
    for folder in spec.paths:
        for root, folders, files in os.walk(folder):
            folders.sort()
            if len(Path(root).relative_to(folder).parts) >= DEEPEST:
                folders.clear()
            for file in files:
                name = file.removesuffix(".onnx")
                if name != file and f"{file}.json" in files and name not in found:
                    model = Path(root, file)
                    config = Path(root, f"{file}.json")
                    if voice := _describe(model, config, revision(model, config)):
                        found[name] = voice
    return dict(sorted(found.items()))


@lru_cache(maxsize=1024)
def _describe(model: Path, config: Path, state: str) -> _Found | None:
    """Read what a voice says about itself; None when it is no voice."""
    try:
        data = json.loads(config.read_text("utf-8"))
        audio, language = data["audio"], data.get("language") or {}
        tag = _tag(language.get("code") or data["espeak"]["voice"])
        speakers: Mapping[str, int] = data.get("speaker_id_map") or {}
        name = str(data.get("dataset") or model.stem).replace("_", " ").title()
        spoken = " ".join(filter(None, (language.get("name_english"), _bracketed(language.get("country_english")))))
        words = (name, spoken or tag, audio.get("quality"))
        voice = Voice(
            model.stem,
            (tag,),
            ", ".join(word for word in words if word),
            speakers=tuple(sorted(speakers, key=lambda speaker: speakers[speaker])),
            rate=int(audio["sample_rate"]),
            revision=state,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _LOGGER.warning("%s is not the file of a Piper voice: %r", config, error)
        return None
    return _Found(model, data, voice)


def _bracketed(text: str | None) -> str | None:
    return f"({text})" if text else None


def _tag(code: str) -> str:
    """A BCP 47 tag from the voice's own code or espeak's: `en_US`, `en-us`, `en-gb-x-rp`, `cmn`."""
    language, *others = re.split("[-_]", code)
    region = next((part.upper() for part in others if re.fullmatch("[A-Za-z]{2}|[0-9]{3}", part)), None)
    language = {"cmn": "zh"}.get(language.lower(), language.lower())
    return f"{language}-{region}" if region else language


ENGINE = PiperEngine
