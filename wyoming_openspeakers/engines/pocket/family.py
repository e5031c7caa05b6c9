"""Pocket-TTS: a transformer whose every step is a frame of sound, made of chance by a few flow steps."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineError, EngineRequest, ModelSpec, Reference, Voice
from ..codec_lm.pace import Pace
from ..prompts import PromptCache, read_reference
from ..torch.family import library
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.sampling import generator_of
from ..torch.streaming import StreamingFamily, Way
from .files import codec_of, describe, voice_files
from .flow import Flow, Manner
from .sound import LatentParts, LatentStream
from .voices import Heard, read_voice

if TYPE_CHECKING:
    import torch

_NEEDED = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "processor_config.json")

STEPS, THRESHOLD, LEAST = 1, -4.0, 6
"""Flow steps, when it is done, and the fewest frames: what the library says where a model's files do not."""

GATED = (
    "This copy of Pocket-TTS cannot clone: its codec has no encoder, for which the authors want an account and "
    "consent; accept the terms of kyutai/pocket-tts on the hub and download the files with it"
)


class PocketFamily(StreamingFamily):
    """A Pocket-TTS with its codec. It has one speed and one language."""

    kinds: ClassVar[tuple[str, ...]] = ("pocket_tts",)
    whole_repository: ClassVar[bool] = False
    needs: ClassVar[Mapping[str, str]] = {"tokenizers": "tokenizers", "jinja2": "jinja2"}
    clones: ClassVar[bool] = True
    # Fifty tokens are what it was trained with.
    longest: ClassVar[int] = 180
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "minimum": 0,
            "maximum": 2,
            "description": "How freely it speaks",
        },
        "flow_steps": {
            "type": "integer",
            "minimum": 1,
            "maximum": 16,
            "description": "Steps from chance to sound: more are slower",
        },
        "eos_threshold": {
            "type": "number",
            "minimum": -20,
            "maximum": 20,
            "description": "How sure it has to be that it is done",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": 512,
            "description": "The most that it says at once, 12.5 to a second; by the length of the text when left out",
        },
    }

    @classmethod
    def defaults(cls, folder: ModelFolder) -> Mapping[str, Any]:
        own = {name: value for name, value in folder.read("generation_config.json").items() if value is not None}
        return {
            "temperature": own.get("temperature", 1.0) if own.get("do_sample") else 0.0,
            "flow_steps": own.get("num_flow_steps", STEPS),
            "eos_threshold": own.get("eos_threshold", THRESHOLD),
        }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        tokenizer = library("models.auto.tokenization_auto").AutoTokenizer
        self._tokenizer = tokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        codec = codec_of(folder)
        names = library("models.pocket_tts_audio_tokenizer.modeling_pocket_tts_audio_tokenizer")
        self._codec = load_model(names.PocketTTSAudioTokenizerModel, codec.folder, self.dtype)
        names = library("models.pocket_tts.modeling_pocket_tts")
        self._model = load_model(names.PocketTTSForConditionalGeneration, folder, self.dtype)
        self._parts = LatentParts(self._codec)
        self._flow = Flow(self._model, device)
        self._rate = codec.rate
        extractor = library("models.pocket_tts.feature_extraction_pocket_tts").PocketTTSFeatureExtractor
        self._ear = extractor.from_pretrained(folder.path, local_files_only=True)
        seconds = float(folder.read("processor_config.json").get("fade_in_duration", 0.005))
        self._fade = int(seconds * codec.rate)
        self._cloned: PromptCache[Heard] = PromptCache()
        self._preset = lru_cache(maxsize=16)(self._read)
        self._speaking: Heard | None = None
        """The voice of this request."""

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        codec = codec_of(folder)
        if codec.missing():
            return []
        return describe(voice_files(folder), folder.path, spec, codec.rate, can_hear=codec.can_hear)

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        codec = codec_of(folder)
        if problem := codec.missing():
            return problem
        if not codec.can_hear and not voice_files(folder):
            return f"There is no voice in {folder.path / 'voices'}, and without them this copy cannot speak. {GATED}"
        if absent := next((name for name in _NEEDED if not (folder.path / name).is_file()), None):
            return f"{absent} is missing in {folder.path}; download the model again"
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        # Parts of the codec are called without it.
        return [self._codec, self._model]

    @property
    def watched(self) -> list[Any]:
        hearing = self._codec.encoder
        heard = [] if hearing is None else [*hearing.encoder_seanet.layers, *hearing.encoder_transformer.layers]
        return [*self._model.model.layers, self._flow.gate, *heard]

    def begin(self, request: EngineRequest) -> None:
        if request.references:
            reference = request.references[0]
            self._speaking = self._cloned.get(reference, lambda: self._clone(reference))
        else:
            self._speaking = self._preset(request.voice)

    def forget(self, digests: Collection[str]) -> None:
        self._cloned.forget(digests)

    def rest(self) -> None:
        self._flow.rest()

    def say(self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, way: Way) -> None:
        ids = self._ids(text)
        stream = LatentStream(self._parts, self._fade)
        pace = Pace(self._parts.seconds)
        waiting: list[torch.Tensor] = []
        wanted = pace.size(0, 0)
        generator = generator_of(self.device, seed)
        latents = self._flow.frames(ids, self._speaking, self._manner(ids, settings), generator)
        for made, latent in enumerate(latents, 1):
            way.check()
            waiting.append(latent)
            if len(waiting) >= wanted:
                way.put(stream.sound(waiting))
                waiting = []
                wanted = pace.size(made, made)
        if waiting:
            way.put(stream.sound(waiting))

    def warm_up(self) -> None:
        stream = LatentStream(self._parts, self._fade)
        ids = self._ids("a")
        # A graph is captured when a step is done for the second time, which is before the third frame.
        manner = self._manner(ids, {"max_frames": 3})
        for latent in self._flow.frames(ids, None, manner, generator_of(self.device, 0)):
            stream.sound([latent])

    def _manner(self, ids: Sequence[int], settings: Mapping[str, Any]) -> Manner:
        """How to say something: as the request wants it, or else as the model's own files do."""
        settings = {**self.defaults(self.folder), **settings}
        least = self.folder.read("generation_config.json").get("min_frames_before_eos")
        words = len(self._tokenizer.decode(ids, skip_special_tokens=True).split())
        processor = self.folder.read("processor_config.json")
        is_short = words <= int(processor.get("short_text_max_words", 4))
        tail = ("frames_after_eos_short_text", 4) if is_short else ("frames_after_eos", 2)
        most = math.ceil(((len(ids) - 1) / 3 + 2) * self._model.config.frame_rate)
        return Manner(
            temperature=float(settings["temperature"]),
            steps=int(settings["flow_steps"]),
            threshold=float(settings["eos_threshold"]),
            least=LEAST if least is None else int(least),
            tail=int(processor.get(*tail)),
            most=int(settings.get("max_frames", most)),
        )

    def _ids(self, text: str) -> list[int]:
        """A text as the model is given it: as its template writes it, and then the place where sound begins."""
        config = self._model.config
        places = {
            config.audio_prompt_bos_token_id,
            config.audio_prompt_token_id,
            config.audio_latent_token_id,
            config.audio_bos_token_id,
        }
        said = [{"role": "user", "content": [{"type": "text", "text": text}]}]
        ids = self._tokenizer(self._tokenizer.apply_chat_template(said, tokenize=False)).input_ids
        return [*(number for number in ids if number not in places), config.audio_bos_token_id]

    def _hear(self, latents: torch.Tensor) -> Heard:
        config = self._model.config
        # Models that were not taught so have no mark before a voice.
        has_mark = getattr(self._tokenizer, "audio_prompt_bos_token", None) is not None
        mark = [config.audio_prompt_bos_token_id] if has_mark else []
        return self._flow.hear([*mark, *[config.audio_prompt_token_id] * len(latents)], latents)

    def _read(self, name: str) -> Heard | None:
        """A voice that came with the model."""
        file = voice_files(self.folder).get(name)
        if file is None:
            return None
        config = self._model.config
        voice = read_voice(file, config.latent_dim, config.num_hidden_layers)
        return voice if isinstance(voice, Heard) else self._hear(voice)

    def _clone(self, reference: Reference) -> Heard:
        """The voice of a recording."""
        import torch

        if self._codec.encoder is None:
            raise EngineError(GATED, "bad_parameter")
        rate, samples = read_reference(reference)
        if rate != self._rate:
            raise EngineError(f"The recording has {rate} Hz and the model wants {self._rate}", "bad_parameter")
        inputs = self._ear(torch.from_numpy(samples), sampling_rate=rate)
        values = inputs["input_values"].to(self.device, self.dtype)
        encoded = self._codec.encode(values, inputs["padding_mask"].to(self.device))
        return self._hear(encoded.latents[0][encoded.latents_mask[0].bool()].float())
