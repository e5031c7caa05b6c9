"""Dia: two speakers who talk, laugh and sigh, in codes of a DAC; it goes on in the voices that have spoken before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineError, EngineRequest, ModelSpec, Reference, Voice
from ..prompts import PromptCache, read_reference
from ..torch.family import library
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.sampling import Sampler, generator_of
from .dac import RATE, find_dac, load_dac, misfit
from .dia_choice import DiaChoice
from .dia_decoder import DiaDecoder
from .dia_delay import DiaLayout
from .dia_recording import resampled
from .dia_script import FIRST, SOUNDS, SPEAKERS, has_words, joined, last_speaker, marked, read
from .dia_sound import DiaSound
from .dia_steps import speak
from .family import CodecFamily
from .frames import Decoder, Frame, FrameStreamer, Layout

if TYPE_CHECKING:
    import torch

LONGEST_BEFORE = 20.0
"""Seconds of speech that it goes on from at most: of the half minute that it knows, the rest is for what it says."""

BFLOAT16_FROM = (8, 0)
"""The first CUDA devices that are fast with numbers of 16 bits that can be as large as those of 32."""


class DiaFamily(CodecFamily):
    """A Dia with its codec. Without a recording to go on from, all pieces of a text have the voices of its first."""

    kinds: ClassVar[tuple[str, ...]] = ("dia",)
    # More than 20 seconds at once, with what it goes on from, it says unnaturally fast.
    longest: ClassVar[int] = 130
    whole_repository: ClassVar[bool] = False
    voice_by_seed: ClassVar[bool] = True
    clones: ClassVar[bool] = True
    needs_transcript: ClassVar[bool] = True
    dialogue: ClassVar[bool] = True
    tags: ClassVar[tuple[str, ...]] = tuple(f"({sound})" for sound in SOUNDS)
    speaker_tags: ClassVar[tuple[str, ...]] = SPEAKERS
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 3,
            "default": 1.8,
            "description": "How freely it speaks",
        },
        "guidance": {
            "type": "number",
            "minimum": 1,
            "maximum": 10,
            "default": 3.0,
            "description": "How closely it keeps to the text; at 1 it does not look at what it would say without",
        },
        "top_k": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1024,
            "default": 45,
            "description": "From how many of the likeliest codes it chooses",
        },
        "top_p": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
            "default": 0.9,
            "description": "How much of what is likely it chooses from",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3056,
            "default": 1720,
            "description": "The most that it says at once, 86 to a second",
        },
    }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        codec = find_dac(spec)
        assert codec is not None
        self._codec = load_dac(codec)
        self._model = load_model(library("models.dia.modeling_dia").DiaForConditionalGeneration, folder, self.dtype)
        self._decoder = DiaDecoder(self._model.model.decoder, device)
        self._recorded: PromptCache[torch.Tensor] = PromptCache()
        self._speaker = FIRST
        """Who speaks when the next piece does not say so."""
        self._own: tuple[str, list[Frame]] | None = None
        """What was said first in this request, where there is no recording to go on from."""

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        codec = find_dac(spec)
        rate = int(codec.config.get("sampling_rate") or RATE) if codec else RATE
        return [Voice("default", ("en",), "Two people of its own making; a seed chooses who", rate=rate)]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        codec = find_dac(spec)
        if codec is None:
            return f"Dia needs a codec: put the files of descript/dac_44khz into {folder.path / 'dac'}"
        decoder = folder.config.get("decoder_config") or {}
        books, codes = int(decoder.get("num_channels", 9)), int(decoder.get("eos_token_id", 1024))
        return codec.missing() or misfit(codec, books, codes) or super().problem(spec, folder)

    @property
    def dtype(self) -> torch.dtype:
        import torch

        # Its files have 32 bits, and it was tried with 16 by its authors.
        if self.device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.get_device_capability(self.device) >= BFLOAT16_FROM else torch.float16

    @property
    def stages(self) -> list[Any]:
        reader, speaker = self._model.model.encoder, self._model.model.decoder
        return [
            *(reader.embedding, reader.rotary_emb, *reader.layers, reader.norm),
            *(speaker.embeddings, speaker.rotary_emb, *speaker.layers, speaker.norm),
            self._model.logits_dense,
            # Parts of it are used without being called, but never before one that is.
            self._codec.module,
        ]

    @property
    def watched(self) -> list[Any]:
        reader, speaker = self._model.model.encoder, self._model.model.decoder
        return [*reader.layers, *speaker.layers, self._decoder.gate, *self._codec.watched]

    def rest(self) -> None:
        self._decoder.rest()

    def begin(self, request: EngineRequest) -> None:
        self._speaker = FIRST
        self._own = None

    def forget(self, digests: Collection[str]) -> None:
        self._recorded.forget(digests)

    def layout(self) -> Layout:
        return DiaLayout(self._model.config.delay_pattern, self._model.config.decoder_config.eos_token_id)

    def decoder(self, seed: int | None) -> Decoder:
        return DiaSound(self._codec, self.device)

    def generate(
        self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, streamer: FrameStreamer
    ) -> None:
        said = marked(text, self._speaker)
        self._speaker = last_speaker(said)
        if not has_words(said):
            return
        words, before = self._before(request)
        script = read(joined(words, said) if words else said)
        self._check_length(script)
        most = min(int(settings.get("max_frames", 1720)), self._room - len(before))
        speak(self._model, self._decoder, script, before, most, self._choice(settings, seed), streamer)
        if not request.references and self._own is None and 0 < len(streamer.frames) <= self._most_before:
            self._own = said, streamer.frames

    def warm_up(self) -> None:
        request = EngineRequest("Hello.", "default")
        self.begin(request)
        self.say(request.text, request, {"max_frames": 2}, 0, _Nobody())
        self.begin(request)

    def _choice(self, settings: Mapping[str, Any], seed: int | None) -> DiaChoice:
        sampler = Sampler(
            generator_of(self.device, seed), settings.get("temperature", 1.8), top_p=settings.get("top_p", 0.9)
        )
        end = self._model.config.decoder_config.eos_token_id
        return DiaChoice(sampler, float(settings.get("guidance", 3.0)), int(settings.get("top_k", 45)), end)

    def _before(self, request: EngineRequest) -> tuple[str, torch.Tensor]:
        """The words and the frames that it goes on from: of several recordings as many as there is room for."""
        import torch

        if self._own is not None:
            return self._own[0], torch.tensor(self._own[1])
        words, parts = "", [torch.zeros(0, len(self._model.config.delay_pattern), dtype=torch.long)]
        shortest = 0.0
        for reference in request.references:
            codes = self._recorded.get(reference, partial(self._frames_of, reference))
            if sum(map(len, parts)) + len(codes) > self._most_before:
                shortest = min(shortest or len(codes), len(codes))
                continue
            script = marked(reference.transcript, last_speaker(words))
            words = joined(words, script) if words else script
            parts.append(codes)
        if shortest and not words:
            seconds = shortest * self._codec.samples / self._codec.rate
            text = f"The recording has {seconds:.0f} seconds and Dia goes on from {LONGEST_BEFORE:.0f} at most"
            raise EngineError(f"{text}: use one of 5 to 10", "bad_parameter")
        return words, torch.cat(parts)

    def _frames_of(self, reference: Reference) -> torch.Tensor:
        if not has_words(reference.transcript):
            raise EngineError("Dia needs to know what is said in the recording: add its transcript", "bad_parameter")
        rate, samples = read_reference(reference)
        return self._codec.encode(resampled(samples, rate, self._codec.rate), self.device)

    def _check_length(self, script: list[int]) -> None:
        most = self._model.config.encoder_config.max_position_embeddings
        if len(script) > most:
            text = f"The text has {len(script)} bytes with the transcript of the recording, and Dia reads {most}"
            raise EngineError(f"{text}: use a shorter recording", "bad_parameter")

    @property
    def _most_before(self) -> int:
        return min(int(LONGEST_BEFORE * self._codec.rate / self._codec.samples), self._room - 1)

    @property
    def _room(self) -> int:
        """Frames that it can know at once."""
        config = self._model.config
        known: int = config.decoder_config.max_position_embeddings
        longest: int = max(config.delay_pattern)
        return known - longest - 1


class _Nobody:
    def put(self, item: Any) -> None:
        """Nobody listens."""

    def check(self) -> None:
        """Nobody minds."""


FAMILY = DiaFamily
