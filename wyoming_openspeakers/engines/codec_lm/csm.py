"""CSM: goes on with a conversation in codes of a Mimi, and speaks like whoever has spoken in it before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Reference, Samples, Voice
from ..prompts import PromptCache, read_reference
from ..torch.checkpoint import float_types
from ..torch.family import library
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.sampling import Sampler, generator_of
from .csm_frames import CsmFrames
from .family import CodecFamily
from .frames import Decoder, Frame, FrameStreamer, Layout
from .mimi import MimiParts, MimiStream

if TYPE_CHECKING:
    import torch


USUAL = 512
"""Places that a piece of text takes after one that was said before it, with its frames."""


class CsmLayout(Layout):
    """All codes of a frame at once; at the end, all are the same one."""

    def __init__(self, end: int) -> None:
        self._end = end

    def take(self, tokens: torch.Tensor) -> Frame | None:
        codes: Frame = tokens.reshape(-1).tolist()
        # The last one does not matter to the library either.
        if all(code == self._end for code in codes[:-1]):
            self.is_over = True
            return None
        return codes


class CodeChoice:
    """Lets the model say only what the codec knows."""

    def __init__(self, sampler: Sampler, codes: int) -> None:
        self._sampler = sampler
        self._codes = codes

    def __call__(self, tokens: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores of which the highest is what is said."""
        scores[:, self._codes :] = -float("inf")
        return self._sampler.noisy(scores)


class CsmFamily(CodecFamily):
    """A CSM. Without a recording to go on from, all pieces of a text have the voice of its first."""

    kinds: ClassVar[tuple[str, ...]] = ("csm",)
    needs: ClassVar[Mapping[str, str]] = {"tokenizers": "tokenizers", "jinja2": "jinja2"}
    # Ten seconds is what it says it can do at once.
    longest: ClassVar[int] = 120
    voice_by_seed: ClassVar[bool] = True
    clones: ClassVar[bool] = True
    needs_transcript: ClassVar[bool] = True
    # Its codec is part of it, and would be heard to round.
    is_fine_with_halves: ClassVar[bool] = False
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 2,
            "default": 0.9,
            "description": "How freely it speaks",
        },
        "top_k": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2048,
            "default": 50,
            "description": "From how many of the likeliest codes it chooses",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1024,
            "default": 125,
            "description": "The most that it says at once, 12.5 to a second",
        },
    }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        self._processor = _load_processor(folder)
        # The model has a loader of its own, which does not say which file is damaged.
        float_types(file for file in folder.weights() if file.suffix == ".safetensors")
        self._model = load_model(library("models.csm.modeling_csm").CsmForConditionalGeneration, folder, self.dtype)
        _keep_codebooks(self._model.codec_model)
        self.rate = _rate(folder)
        self._parts = MimiParts(self._model.codec_model)
        self._frames = CsmFrames(self._model, device, USUAL)
        self._encode = self._model.codec_model.encode
        self._model.codec_model.encode = self._encoded
        self._codes: PromptCache[Any] = PromptCache()
        self._prompting: list[Reference] = []
        """Recordings whose codes the model asks for next."""
        self._own: tuple[str, list[Frame]] | None = None
        """What was said first in this request, where there is no recording to go on from."""

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        told = "Somebody of its own making; a seed chooses who"
        return [Voice("default", spec.languages or ("en",), told, rate=_rate(folder))]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if not _rate(folder):
            return f"Nothing in {folder.path} names the model's sample rate; download the model again"
        for name in ("tokenizer.json", "tokenizer_config.json"):
            if not (folder.path / name).is_file():
                return f"{name} is missing in {folder.path}; download the model again"
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        model, backbone = self._model, self._model.backbone_model
        return [
            # Parts of the codec are used without being called, so that it has to be there before one that is.
            model.codec_model,
            model.embed_text_tokens,
            *(backbone.embed_tokens, backbone.rotary_emb, *backbone.layers, backbone.norm),
            model.lm_head,
            model.depth_decoder,
        ]

    @property
    def watched(self) -> list[Any]:
        return [self._model.depth_decoder.model, *self._model.backbone_model.layers, *self._frames.gates]

    def rest(self) -> None:
        self._frames.rest()

    def begin(self, request: EngineRequest) -> None:
        self._own = None

    def forget(self, digests: Collection[str]) -> None:
        self._codes.forget(digests)

    def layout(self) -> Layout:
        return CsmLayout(self._model.config.codebook_eos_token_id)

    def decoder(self, seed: int | None) -> Decoder:
        return MimiStream(self._parts)

    def generate(
        self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, streamer: FrameStreamer
    ) -> None:
        sampler = Sampler(
            generator_of(self.device, seed), settings.get("temperature", 0.9), top_k=int(settings.get("top_k", 50))
        )
        choice = CodeChoice(sampler, self._model.config.codec_config.codebook_size)
        prompt = self._processor.apply_chat_template(
            self._conversation(text, request.references), tokenize=True, return_dict=True, return_tensors="pt"
        ).to(self.device)
        self._prompting = list(request.references)
        try:
            embeds = self._model._merge_input_ids_with_input_values(
                prompt["input_ids"], prompt.get("input_values"), prompt.get("input_values_cutoffs")
            )["inputs_embeds"]
        finally:
            self._prompting = []
        streamer.put(prompt["input_ids"])
        end = self._model.config.codebook_eos_token_id
        most = int(settings.get("max_frames", 125))
        for frame in self._frames.say(embeds, most, lambda scores: choice(scores, scores).argmax(dim=1, keepdim=True)):
            streamer.put(frame)
            if bool((frame[0, :-1] == end).all()):
                break
        streamer.end()
        if not request.references and self._own is None and streamer.frames:
            self._own = text, streamer.frames

    def warm_up(self) -> None:
        streamer = FrameStreamer(self.layout(), self.decoder(0), lambda samples: None)
        self.generate("a", EngineRequest("a", "default"), {"max_frames": 3}, 0, streamer)
        self._own = None

    def _conversation(self, text: str, references: Collection[Reference]) -> list[dict[str, Any]]:
        """What the model is given to go on with."""
        said = [(reference.transcript, self._recording(reference)) for reference in references]
        if self._own is not None:
            words, frames = self._own
            # Only its length is looked at: the codes are there already.
            seconds = len(frames) / self._model.codec_model.config.frame_rate
            said = [(words, np.zeros(round(seconds * self.rate), np.float32))]
        before = [[{"type": "text", "text": words}, {"type": "audio", "audio": audio}] for words, audio in said]
        return [{"role": "0", "content": parts} for parts in (*before, [{"type": "text", "text": text}])]

    def _recording(self, reference: Reference) -> Samples:
        rate, samples = read_reference(reference)
        if rate != self.rate:
            raise EngineError(f"The recording has {rate} Hz and the model wants {self.rate}", "bad_parameter")
        return samples

    def _encoded(self, values: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        """The codec's codes of what comes next in the prompt, which the model asks for before each sentence."""
        import torch

        if self._own is not None:
            return SimpleNamespace(audio_codes=torch.tensor(self._own[1], device=values.device).T[None])
        if not self._prompting:
            return self._encode(values, *arguments, **options)
        return self._codes.get(self._prompting.pop(0), lambda: self._encode(values, *arguments, **options))


def _rate(folder: ModelFolder) -> int:
    """The sample rate in hertz, from wherever the library keeps it; 0 when it is nowhere."""
    extractor = folder.read("processor_config.json").get("feature_extractor") or {}
    places = (folder.config.get("codec_config") or {}, extractor, folder.read("preprocessor_config.json"))
    return next((int(rate) for place in places if (rate := place.get("sampling_rate"))), 0)


def _load_processor(folder: ModelFolder) -> Any:
    processor = library("models.auto.processing_auto").AutoProcessor
    try:
        loaded = processor.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # what it raises depends on the file and on the version of the tokenizers
        reason = str(error).strip().partition("\n")[0]
        text = f"The tokenizer in {folder.path} is damaged or incomplete ({reason}); download the model again"
        raise EngineError(text, "model_missing") from error
    if not loaded.chat_template:
        raise EngineError(f"chat_template.jinja is missing in {folder.path}; download the model again", "model_missing")
    return loaded


def _keep_codebooks(codec: Any) -> None:
    """Have the codec's codebooks among its weights: the library keeps them where nothing would move them."""
    for module in codec.modules():
        if "_embed" in vars(module):
            embed = module.embed
            del module._embed
            module.register_buffer("_embed", embed, persistent=False)


FAMILY = CsmFamily
