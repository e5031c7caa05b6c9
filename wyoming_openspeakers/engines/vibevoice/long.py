"""VibeVoice 1.5B and 7B: a Qwen2 that thinks in frames of 133 ms, up to four voices in one text, up to 90 minutes."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineRequest, ModelSpec, Samples, Voice
from ..torch.family import library
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.streaming import StreamingFamily, Way
from .long_frames import Frames
from .long_voices import Voices
from .prompt import SPEAKERS, PromptWriter, Script, Turn
from .prompt_voices import OWN_TEXT, extractor_settings, own, recorded

if TYPE_CHECKING:
    import torch

RATE = 24_000

PAUSE = 10.0
SECONDS_OF_A_LETTER = 0.4
"""Nobody speaks more slowly: what goes on for longer, and for the pause besides, has lost its way."""

OWN_SECONDS = 10.0
"""Of what a voice of the model's own says first, at most."""

PROMPTS = 8
"""Prompts of voices that are kept as the language model has read them."""

_SCHEDULER = {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}
"""What the solver can do; all published models want it."""


Key = tuple[tuple[int, tuple[str, ...]], ...]
"""Speakers, and what their voices are known by."""


class VibeVoiceFamily(StreamingFamily):
    """A VibeVoice of the transformers library. It always has a voice to go by: without one it speaks by chance."""

    kinds: ClassVar[tuple[str, ...]] = ("vibevoice",)
    needs: ClassVar[Mapping[str, str]] = {"tokenizers": "tokenizers"}
    # It was trained on minutes; this is as much as the service gives at once.
    longest: ClassVar[int] = 2000
    clones: ClassVar[bool] = True
    dialogue: ClassVar[bool] = True
    speaker_tags: ClassVar[tuple[str, ...]] = tuple(f"[S{number}]" for number in range(1, SPEAKERS + 1))
    is_fine_with_halves: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, Any]] = {
        "guidance_scale": {
            "type": "number",
            "minimum": 1,
            "maximum": 5,
            "default": 1.3,
            "description": "How closely it keeps to the text and the voice",
        },
        "num_diffusion_steps": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 10,
            "description": "Steps in which a frame is drawn: fewer are faster, more are finer",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": 40_500,
            "description": "The most that it says at once, 7.5 to a second, if the text is long enough for it",
        },
    }

    @classmethod
    def defaults(cls, folder: ModelFolder) -> Mapping[str, Any]:
        own = folder.read("generation_config.json")
        return {name: own.get(name) or schema.get("default") for name, schema in cls.parameters.items()}

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        self._writer = PromptWriter(folder.path / "tokenizer.json", folder.config)
        modeling = library("models.vibevoice.modeling_vibevoice")
        self._model = load_model(modeling.VibeVoiceForConditionalGeneration, folder, self.dtype)
        self._frames = Frames(self._model, device)
        self._rate = _rate(folder)
        self._voices = Voices(spec, folder, self._rate, self._frames.codec.hop, self._frames.encode)
        self._cast = [voice.name for voice in self.voices(spec, folder)]
        self._script = Script("")
        self._prompts: OrderedDict[Key, torch.Tensor] = OrderedDict()

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        rate = _rate(folder)
        found = list(recorded(folder.path))
        names = {voice.name for voice in found}
        found += (voice for voice in own() if voice.name not in names)
        return [replace(voice, rate=rate) for voice in found]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if not (folder.path / "tokenizer.json").is_file():
            return f"tokenizer.json is missing in {folder.path}; download the model again"
        wanted = folder.read("generation_config.json").get("noise_scheduler_config") or {}
        if other := [f"{name} {wanted[name]}" for name, ours in _SCHEDULER.items() if wanted.get(name, ours) != ours]:
            return f"The model in {folder.path} wants a scheduler with {', '.join(other)}, which is not supported"
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        inner = self._model.model
        words = inner.language_model
        # The models that these are parts of are not listed: when one is called, all of it would have to be there.
        return [words.embed_tokens, self._model.lm_head, words.rotary_emb, *words.layers, words.norm,
                inner.diffusion_head, inner.audio_tower.decoder, inner.semantic_tokenizer_encoder,
                inner.multi_modal_projector, inner.semantic_connector, inner.audio_tower.encoder]  # fmt: skip

    @property
    def watched(self) -> list[Any]:
        inner = self._model.model
        ways = (inner.audio_tower.encoder, inner.audio_tower.decoder, inner.semantic_tokenizer_encoder)
        blocks = [block for way in ways for part in (way.stem, *way.conv_layers) for block in part.stage]
        drawing = (layer.ffn for layer in inner.diffusion_head.layers)
        return [*inner.language_model.layers, *drawing, *blocks]

    def begin(self, request: EngineRequest) -> None:
        self._script = Script(request.text)

    def say(self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, way: Way) -> None:
        turns = self._script.turns(text)
        if not turns:
            return
        speakers = sorted({turn.speaker for turn in turns})
        voices = [self._voice_of(speaker, request, way) for speaker in speakers]
        key = tuple(zip(speakers, (known for known, _ in voices), strict=True))
        self._speak(turns, key, [latents for _, latents in voices], settings, seed, way)

    def forget(self, digests: Collection[str]) -> None:
        self._voices.forget(digests)
        gone = set(digests)
        for key in [key for key in self._prompts if any(not gone.isdisjoint(known) for _, known in key)]:
            del self._prompts[key]

    def rest(self) -> None:
        """Give back the memory on the device that can be had again."""
        self._prompts.clear()
        self._frames.rest()

    def warm_up(self) -> None:
        listener = _Listener()
        # The first frame makes what stays, the second a graph of it, the third is the first one that is fast.
        self._speak([Turn(0, "a")], (), [], {"max_frames": 3}, 0, listener)
        if self.device.type == "cuda":
            self._named(self.spec.voice or self._cast[0], listener)

    def _speak(
        self,
        turns: Sequence[Turn],
        key: Key,
        voices: Sequence[torch.Tensor],
        settings: Mapping[str, Any],
        seed: int | None,
        way: Way,
    ) -> None:
        """Say turns in the voices of the speakers that the key names."""
        frames = self._frames
        parts: list[Any] = self._writer.voices([speaker for speaker, _ in key])
        for number, latents in enumerate(voices):
            parts.insert(2 * number + 1, latents)
        script = self._writer.script(turns)
        letters = sum(len(turn.text) for turn in turns)
        most = math.ceil((PAUSE + SECONDS_OF_A_LETTER * letters) * self._rate / frames.codec.hop)
        most = min(most, int(settings.get("max_frames") or most))
        frames.reserve(sum(map(len, parts)) + len(script) + most)
        frames.begin(self._prompts.get(key))
        if key not in self._prompts:
            frames.read(parts)
            self._prompts[key] = frames.past()
        self._prompts.move_to_end(key)
        while len(self._prompts) > PROMPTS:
            self._prompts.popitem(last=False)
        # The last token of a prompt is read with and without the rest of it.
        frames.read([script[:-1]])
        settings = {**self.defaults(self.folder), **settings}
        steps, guidance = int(settings["num_diffusion_steps"]), float(settings["guidance_scale"])
        frames.speak(most, steps, guidance, seed, way.put, way.check)

    def _voice_of(self, speaker: int, request: EngineRequest, way: Way) -> tuple[tuple[str, ...], torch.Tensor]:
        """What the voice of a speaker is known by, and its latents."""
        told = request.references
        if told and not self._script.is_dialogue:
            return tuple(reference.digest for reference in told), self._voices.of_recordings(told)
        if speaker < len(told):
            return (told[speaker].digest,), self._voices.of_recordings(told[speaker : speaker + 1])
        if not told and not speaker:
            return self._named(request.voice, way)
        # Those that nobody was named for speak with the other voices.
        others = [name for name in self._cast if told or name != request.voice]
        return self._named(others[speaker - (len(told) or 1)], way)

    def _named(self, name: str, way: Way) -> tuple[tuple[str, ...], torch.Tensor]:
        """What a voice of this name is known by, and its latents."""

        def make(number: int) -> Samples:
            most = math.ceil(OWN_SECONDS * self._rate / self._frames.codec.hop)
            listener = _Listener(way.check)
            # Nothing of the request changes it.
            self._speak([Turn(0, OWN_TEXT)], (), [], {"max_frames": most}, number, listener)
            return np.concatenate([np.zeros(0, np.float32), *listener.chunks])

        known, latents = self._voices.named(name, make)
        return (known,), latents


class _Listener:
    """Keeps what is said."""

    def __init__(self, check: Callable[[], None] = lambda: None) -> None:
        self.check = check
        self.chunks: list[Samples] = []

    def put(self, item: Samples) -> None:
        """Keep it."""
        self.check()
        self.chunks.append(item)


def _rate(folder: ModelFolder) -> int:
    return int(extractor_settings(folder).get("sampling_rate") or RATE)


FAMILY = VibeVoiceFamily
