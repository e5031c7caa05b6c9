"""The libraries' own loops of the models that stream: what each of ours is compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tiny_dia
import tiny_pocket
import vibevoice_library_loop
import vibevoice_realtime_loop

from wyoming_openspeakers.engines.base import EngineRequest
from wyoming_openspeakers.engines.codec_lm import orpheus
from wyoming_openspeakers.engines.codec_lm.higgs_prompt import conversation
from wyoming_openspeakers.engines.vibevoice.prompt_voices import reference_of

Run = Callable[[Any, EngineRequest], None]


def orpheus_by_library(engine: Any, frames: int) -> Run:
    """A Llama says codes, and a SNAC makes sound of them."""
    import torch
    from transformers import LlamaForCausalLM

    ours: Any = engine._model
    model: Any = LlamaForCausalLM.from_pretrained(ours.folder.path)

    def run(_: Any, request: EngineRequest) -> None:
        words = ours._tokenizer(f"{request.voice}: {request.text}").input_ids
        prompt = torch.tensor([[*orpheus.TEXT_BEGINS, *words, *orpheus.TEXT_ENDS]])
        said = model.generate(
            inputs=prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=0.6,
            top_p=0.8,
            repetition_penalty=1.3,
            max_new_tokens=7 * frames,
            eos_token_id=orpheus.SPEECH_ENDS,
            pad_token_id=orpheus.SPEECH_ENDS,
        )
        # Random weights say anything: only as many codes matter, not which.
        codes = said[0, prompt.shape[1] :].reshape(-1, 7) % orpheus.CODES
        ours._codec.decode(codes, torch.randn(len(codes), sum(ours._codec.noises))).numpy()

    return run


def csm_by_library(engine: Any, frames: int) -> Run:
    """A CSM with its own codec."""
    model: Any = engine._model

    def run(_: Any, request: EngineRequest) -> None:
        conversation = [{"role": "0", "content": [{"type": "text", "text": request.text}]}]
        inputs = model._processor.apply_chat_template(conversation, tokenize=True, return_dict=True,
                                                      return_tensors="pt")  # fmt: skip
        model._model.generate(**inputs, output_audio=True, do_sample=True, temperature=0.9, top_k=50,
                              max_new_tokens=frames)[0].numpy()  # fmt: skip

    return run


def dia_by_library(engine: Any, frames: int) -> Run:
    """A Dia with its processor and a DAC."""
    from transformers import DiaFeatureExtractor, DiaProcessor, DiaTokenizer

    ours: Any = engine._model
    extractor = DiaFeatureExtractor(sampling_rate=44_100, hop_length=tiny_dia.HOP)
    processor: Any = DiaProcessor(extractor, DiaTokenizer(), ours._codec.module)

    def run(_: Any, request: EngineRequest) -> None:
        # What the processor does to a text without a recording.
        inputs = processor(text=f"[S1] {request.text}")
        said = ours._model.generate(**inputs, do_sample=True, guidance_scale=3.0, temperature=1.8, top_p=0.9, top_k=45,
                                    max_new_tokens=frames + 16, bos_token_id=1026, eos_token_id=1024,
                                    pad_token_id=1025)  # fmt: skip
        processor.batch_decode(said)[0].numpy()

    return run


def higgs_by_library(engine: Any, frames: int) -> Run:
    """A Higgs and its codec."""
    import torch

    model: Any = engine._model
    tokenizer, codec = model._tokenizer, model._codec._model

    def run(_: Any, request: EngineRequest) -> None:
        written = tokenizer.apply_chat_template(
            conversation(request.text, []), add_generation_prompt=True, tokenize=False
        )
        inputs = tokenizer(written, add_special_tokens=False, return_tensors="pt")
        # Before its first frame is a step in which all begin; the last codebook comes seven steps later.
        said = model._model.generate(**inputs, do_sample=True, temperature=0.3, top_p=0.95, top_k=50,
                                     max_new_tokens=frames + 8)[0, 1:]  # fmt: skip
        codes = torch.stack([said[late : len(said) - 7 + late, late] for late in range(8)])
        codec.decode(codes.clamp(0, 1023)[None]).audio_values.numpy()

    return run


def pocket_by_library(engine: Any, frames: int) -> Run:
    """A Pocket-TTS with its processor, in one of its own voices."""
    from safetensors.torch import load_file
    from transformers import PocketTTSFeatureExtractor, PocketTTSProcessor

    own: Any = engine._model
    processor = PocketTTSProcessor(
        PocketTTSFeatureExtractor(), own._tokenizer, audio_tokenizer=own._codec, chat_template=tiny_pocket.TEMPLATE
    )
    latents = load_file(own.folder.path / "voices" / "alba.safetensors")["latents"]

    def run(_: Any, request: EngineRequest) -> None:
        said = [{"role": "user", "content": [{"type": "audio"}, {"type": "text", "text": request.text}]}]
        prompt = processor.apply_chat_template(said, tokenize=False)
        inputs = processor(text=prompt, return_tensors="pt", audio_prompt_latents=[latents])
        (made,) = own._model.generate(**inputs, max_new_tokens=frames)
        processor.decode(made).numpy()

    return run


def vibevoice_by_library(engine: Any, frames: int) -> Run:
    """A VibeVoice in the voice of a recording."""
    own: Any = engine._model

    def run(_: Any, request: EngineRequest) -> None:
        reference = reference_of(own.folder.path, request.voice)
        assert reference is not None
        vibevoice_library_loop.say(own, request.text, reference, frames)

    return run


def realtime_by_author(engine: Any, frames: int) -> Run:
    """VibeVoice Realtime, which no library has: its author's loop in its plain form."""
    import torch

    own: Any = engine._model

    def run(_: Any, request: EngineRequest) -> None:
        words = torch.tensor(own._words.encode(f"{request.text}\n", add_special_tokens=False).ids)
        noises = torch.randn(frames, own._parts.head.noisy_images_proj.in_features)
        vibevoice_realtime_loop.say(own._parts, own._prompt(request.voice), words, noises, 5, 1.5)

    return run
