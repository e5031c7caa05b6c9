"""An engine that does all that is wanted but for the one sin that its model's id names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wyoming_openspeakers.engines.base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Samples, Voice
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.prompts import read_reference

RATE = 16_000
CHUNK = RATE // 10

PITCH = {"type": "number", "minimum": 0, "exclusiveMaximum": 3, "default": 1, "description": "How high it speaks"}

CAPABILITIES = Capabilities(
    streaming=True,
    concurrency=4,
    speed=(0.5, 2.0),
    cloning=True,
    licence="MIT",
    parameters={"pitch": PITCH},
)

_KEPT: list[npt.NDArray[np.uint8]] = []
_SHARED: dict[str, int] = {"last": 0}


class SinnerEngine(Engine):
    """Hums a text."""

    capabilities = CAPABILITIES

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        match spec.id:
            case "no licence":
                return replace(CAPABILITIES, licence="")
            case "no schema":
                return replace(CAPABILITIES, parameters={"pitch": {"description": "anything"}})
            case "default outside":
                return replace(CAPABILITIES, parameters={"pitch": {**PITCH, "default": 3}})
            case "other default":
                return replace(CAPABILITIES, parameters={"pitch": {**PITCH, "default": 2}})
            case "varies":
                return replace(CAPABILITIES, varies=True)
            case "one at a time":
                return replace(CAPABILITIES, concurrency=1)
            case "whole":
                return replace(CAPABILITIES, streaming=False)
        return CAPABILITIES

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        if spec.id == "heavy":
            import soundfile  # noqa: F401 - that it is imported is the sin
        if spec.id == "lost without files" and not spec.find("weights.bin"):
            raise EngineError("weights.bin is missing", "model_missing")
        tag = {"odd language": "en_US", "private language": "en-GB-x-rp"}.get(spec.id, "en-US")
        voice = Voice("hum", (tag, "de-DE"), "Hum", speakers=("low", "high"))
        voice = replace(voice, rate=8000 if spec.id == "wrong rate" else RATE)
        return [voice, replace(voice, name="hum" if spec.id == "twins" else "drone", description="Drone")]

    def load(self, spec: ModelSpec, device: str) -> None:
        self._sin = spec.id.removesuffix("-elsewhere")
        if device != "cpu" and self._sin != "any device":
            raise EngineError(f"It hums on the processor, not on {device}", "bad_parameter")
        if self._sin == "crash in load":
            os._exit(3)
        weights = spec.find("weights.bin")
        if weights is None and self._sin != "needs nothing":
            raise KeyError("w") if self._sin == "raw error" else EngineError("weights.bin is missing", "model_missing")
        if weights and self._sin != "blind" and weights.read_bytes() != b"weights" * 100:
            if self._sin == "crash on damage":
                os._exit(3)
            raise EngineError(f"{weights} is damaged; download it again", "model_missing")
        self._ballast = np.ones(100_000_000 if self._sin in ("leak", "hoard") else 1, np.uint8)
        if self._sin == "leak" or (self._sin == "hoard" and not _KEPT):
            _KEPT.append(self._ballast)
        if self._sin == "hoard":
            self._ballast = _KEPT[0]
        self._loads = _SHARED["loads"] = _SHARED.get("loads", 0) + 1

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        if not request.references and request.voice not in ("hum", "drone") and self._sin != "any voice":
            text = "no such thing" if self._sin == "nameless" else f"There is no voice {request.voice}"
            raise EngineError(text, "engine_failed" if self._sin == "wrong code" else "unknown_voice")
        if (request.speaker or "low") not in ("low", "high") and self._sin != "any speaker":
            raise EngineError(f"hum has no speaker {request.speaker}", "unknown_voice")
        if self._sin == "refuses its schema" and request.parameters.get("pitch") == 0:
            raise EngineError("It cannot hum that low")
        if self._sin == "crash in long text" and len(request.text) > 1000:
            os._exit(3)
        if self._sin == "deaf at first" and len(request.text) > 200:
            time.sleep(2)
        sound = self._sound(request)
        if self._sin == "late":
            time.sleep(0.005 * (sound.size // CHUNK))
        _SHARED["open"] = _SHARED.get("open", 0) + 1
        try:
            yield from self._chunks(request, sound)
        finally:
            _SHARED["open"] -= 1
            if self._sin == "slow to let go" and len(request.text) > 1000:
                time.sleep(2)

    def _chunks(self, request: EngineRequest, sound: Samples) -> Iterator[Audio]:
        for start in range(0, sound.size, CHUNK if self._sin != "one chunk" else sound.size):
            if request.cancel:
                raise Cancelled
            # Much longer than it may take, for a busy machine is late to ask.
            if self._sin == "deaf" and len(request.text) > 200:
                time.sleep(2)
            if self._sin != "late":
                time.sleep(0.004)
            if self._sin == "hang":
                time.sleep(600)
            chunk = sound[start : start + (CHUNK if self._sin != "one chunk" else sound.size)]
            if self._sin == "shared state":
                chunk = chunk * np.float32(0.5 if start and _SHARED["last"] != id(request) else 1)
                _SHARED["last"] = id(request)
            if self._sin == "crosstalk" and _SHARED["open"] > 1:
                chunk = chunk * np.float32(0.9)
            if self._sin == "clicks" and start // CHUNK % 2:
                chunk = -chunk
            yield Audio(chunk, RATE)

    def _sound(self, request: EngineRequest) -> Samples:
        if self._sin == "mute in long text" and len(request.text) > 1000:
            return np.zeros(0, np.float32)
        letters = sum(letter.isalnum() for letter in request.text) + (5 if self._sin == "speaks of nothing" else 0)
        size = int(letters * CHUNK / (1 if self._sin == "one speed" else request.speed))
        tone = np.sin(np.arange(size) * self._frequency(request) + len(request.text))
        tone = tone * (0.0 if self._is_mute(request) else 0.3)
        if self._sin in ("no seed", "varies"):
            tone = tone * np.random.default_rng().uniform(0.5, 1)
        if self._sin == "forgets in parking" and self._loads > 1:
            tone = -tone
        if self._sin == "not scaled":
            tone = tone * 32767
        if self._sin == "numbers that are none":
            tone[-1:] = np.nan
        sound: Samples = tone.astype(np.float32)
        return sound

    def _frequency(self, request: EngineRequest) -> float:
        """By the pitch that is asked for, and by who is to be spoken like."""
        heard = 1.0
        if request.references and self._sin != "deaf to references":
            heard += _turns(read_reference(request.references[0])[1])
        return 0.1 * heard * (1 + 0.1 * float(request.parameters.get("pitch", 1)))

    def _is_mute(self, request: EngineRequest) -> bool:
        """Whether nothing is to be heard where something should."""
        match self._sin:
            case "a mute voice":
                return request.voice == "drone"
            case "a mute language":
                return request.language == "de-DE"
            case "a mute speaker":
                return request.speaker == "high"
            case "mute clone":
                return bool(request.references)
        return self._sin == "silent"

    def unload(self) -> None:
        self._ballast = np.ones(0, np.uint8)


ENGINE = SinnerEngine


def _turns(samples: Samples) -> float:
    """How often a sound goes through nothing, of as often as it could: the more the higher."""
    return float(np.mean(np.diff(np.signbit(samples))))


def make(folder: Path, of_size: int = 0) -> Path:
    """The files of such a model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(b"weights" * 100)
    (folder / "settings.json").write_text("{}")
    if of_size:
        with (folder / "more.bin").open("wb") as file:
            file.truncate(of_size)
    return folder
