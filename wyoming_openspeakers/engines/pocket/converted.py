"""Makes a folder as the library wants it of one in the authors' layout, once, where the service keeps such things."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import EngineError
from ..torch.checkpoint import read_tensors
from ..torch.family import library
from .authors import CONTEXT, HEAD, SETTINGS, Authors, heard, renamed
from .files import CODEC

if TYPE_CHECKING:
    import torch

TOKENS = {
    "audio_prompt_token": "<|audio_prompt|>",
    "audio_latent_token": "<|audio|>",
    "audio_prompt_bos_token": "<|audio_prompt_start|>",
    "audio_bos_token": "<|audio_start|>",
}
"""Places in a prompt, in the order of their numbers, which follow those of the words."""

ABANDONED = 3_600
"""Seconds after which nobody is still making a folder: its process was killed."""

TEMPLATE = """\
{%- for message in messages -%}{%- for item in message['content'] -%}
{%- if item['type'] == 'audio' -%}<|audio_prompt_start|><|audio_prompt|>{%- endif -%}
{%- if item['type'] == 'text' -%}
{%- set text = item['text'].replace('\u2019', "'").replace('\u2018', "'").split() | join(' ') -%}
REPLACED
{{- text[:1] | upper }}{{ text[1:].rstrip(',;:-\u2013\u2014 ') -}}
{%- if text.rstrip('"\\'\u201d\u2019)]\u00bb ')[-1:] not in '.!?\u2026' -%}.{%- endif -%}
{%- endif -%}
{%- endfor -%}{%- endfor -%}<|audio_start|>"""
"""A sentence begins with a capital letter and has an end, for so were those that the model was taught with."""

_GONE = '"\u00a1\u00bf\u201c\u201d\u201e\u00ab\u00bb()[]'
_SWAPPED = {";": ",", "\u2013": ",", "\u2014": ",", **dict.fromkeys(_GONE, "")}
ELSEWHERE = "".join(f"{{%- set text = text.replace('{old}', '{new}') -%}}" for old, new in _SWAPPED.items())
"""Marks that the models of other languages than English have never seen."""


def library_folder(authors: Authors, cache: str | None) -> Path:
    """The folder in the library's layout, made now where it is not there."""
    if cache is None:
        raise EngineError("Pocket-TTS in its authors' layout needs a folder to keep files in", "model_missing")
    name = authors.path.name
    place = Path(cache, f"{name}-{authors.revision}", name)
    if place.is_dir():
        return place
    unfinished = Path(cache, f".{name}-{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _convert(authors, unfinished / name)
        _clear(Path(cache), name)
        unfinished.replace(place.parent)
    except OSError as error:
        raise EngineError(f"{cache} cannot be written to ({error.strerror or error})", "model_missing") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return place


def _clear(cache: Path, name: str) -> None:
    """Remove what was made of other files of this name, and what was never finished."""
    for old in cache.iterdir():
        is_stale = old.name.startswith(f".{name}-") and time.time() - old.stat().st_mtime > ABANDONED
        if is_stale or old.name.rpartition("-")[0] == name:
            shutil.rmtree(old, ignore_errors=True)


def _convert(authors: Authors, place: Path) -> None:
    from safetensors.torch import save_file

    tensors = renamed(read_tensors([authors.weights]))
    try:
        model, codec = _configs(tensors)
    except (LookupError, ValueError, TypeError, ZeroDivisionError) as error:
        text = f"{authors.weights} is no Pocket-TTS that is supported ({error}); take another or download it again"
        raise EngineError(text, "model_missing") from None
    beginnings = ("encoder.", "decoder.", "latent_proj.")
    sound = {name: tensor for name, tensor in tensors.items() if name.startswith(beginnings)}
    speech = {name: tensor for name, tensor in tensors.items() if name not in sound}
    if not authors.can_hear():
        sound = {name: tensor for name, tensor in sound.items() if not name.startswith("encoder.")}
        codec.encoder_config = None
    for config, weights, folder in ((model, speech, place), (codec, sound, place / CODEC)):
        config.save_pretrained(folder)
        save_file({name: tensor.clone() for name, tensor in weights.items()}, folder / "model.safetensors")
    names = {"flow_steps": "num_flow_steps"}
    settings = {names.get(name, name): value for name, value in SETTINGS.items()}
    _write(place / "generation_config.json", {"do_sample": True, **settings, "min_frames_before_eos": 6})
    _write(place / "processor_config.json", {"processor_class": "PocketTTSProcessor", "feature_extractor": {}})
    _tokenizer(authors, place)
    (place / "voices").mkdir()
    for name, file in authors.voices.items():
        save_file(heard(file, model.num_hidden_layers), place / "voices" / f"{name}.safetensors")


def _configs(tensors: Mapping[str, torch.Tensor]) -> tuple[Any, Any]:
    """What the shapes of the weights say of the model and of its codec."""
    names = library("models.pocket_tts.configuration_pocket_tts")
    words, hidden = tensors["model.embed_tokens.weight"].shape
    latent = tensors["model.bos_latent"].numel()
    flow = tensors["flow_head.input_proj.weight"].shape[0]
    has_times = "flow_head.timestep_embeddings.1.fc1.weight" in tensors
    model = names.PocketTTSConfig(
        vocab_size=words,
        hidden_size=hidden,
        num_hidden_layers=_count(tensors, "model.layers."),
        num_attention_heads=hidden // HEAD,
        intermediate_size=tensors["model.layers.0.mlp.fc1.weight"].shape[0],
        latent_dim=latent,
        flow_head_config={
            "hidden_size": flow,
            "num_hidden_layers": _count(tensors, "flow_head.layers."),
            "latent_dim": latent,
            "condition_dim": hidden,
            "flow_type": "lsd" if has_times else "drifting",
        },
        **{f"{name}_id": words - 4 + number for number, name in enumerate(TOKENS)},
    )
    names = library("models.pocket_tts_audio_tokenizer.configuration_pocket_tts_audio_tokenizer")
    first = tensors["encoder.encoder_seanet.layers.0.conv.weight"]
    wide, hidden = tensors["latent_proj.weight"].shape[0], tensors["encoder.downsample.conv.weight"].shape[1]
    if wide != hidden:
        raise ValueError("its codec makes sound of other numbers than it hears")
    downs = [name for name in tensors if name.startswith("decoder.decoder_seanet.layers.") and name.count(".") == 5]
    steps = [tensors[name].shape[-1] // 2 for name in sorted(downs, key=_place) if name.endswith("conv.weight")][1:-1]
    codec = names.PocketTTSAudioTokenizerConfig(
        hidden_size=hidden,
        num_filters=first.shape[0],
        kernel_size=first.shape[-1],
        upsampling_ratios=steps,
        upsample_groups=hidden,
        num_hidden_layers=_count(tensors, "decoder.decoder_transformer.layers."),
        num_attention_heads=hidden // HEAD,
        num_key_value_heads=hidden // HEAD,
        intermediate_size=tensors["decoder.decoder_transformer.layers.0.mlp.fc1.weight"].shape[0],
        sliding_window=CONTEXT,
        latent_stride=tensors["decoder.upsample.conv.weight"].shape[-1] // 2,
        latent_dim=latent,
    )
    return model, codec


def _tokenizer(authors: Authors, place: Path) -> None:
    template = TEMPLATE.replace("REPLACED", "" if authors.path.name.startswith("english") else ELSEWHERE)
    tokenizer = library("tokenization_utils_tokenizers").PreTrainedTokenizerFast(
        tokenizer_file=str(authors.path / "tokenizer.json"), chat_template=template, extra_special_tokens=TOKENS
    )
    tokenizer.save_pretrained(place)


def _count(tensors: Mapping[str, torch.Tensor], beginning: str) -> int:
    return 1 + max(int(name[len(beginning) :].partition(".")[0]) for name in tensors if name.startswith(beginning))


def _place(name: str) -> int:
    return int(name.split(".")[3])


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content), "utf-8")
