"""A tiny Higgs Audio v2 with random weights in the hub's own layout, its codec in a folder below.

Its end of speech means nothing: how long it speaks is a parameter of the request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny_models

from wyoming_openspeakers.engines.codec_lm.higgs_codec import codec_class

MARKS = (
    "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|scene_desc_start|>",
    "<|scene_desc_end|>", "<|audio_out_bos|>", "<|AUDIO_OUT|>", "<|audio_eos|>", "<|reserved_special_token_6|>",
)  # fmt: skip
"""What the model's vocabulary has besides words."""

TEMPLATE = (
    "{% set turns = messages[1:] %}"
    "{{ bos_token + '<|start_header_id|>system<|end_header_id|>\\n\\n' + messages[0].content[0].text }}"
    "{% if turns[0].role == 'scene' %}"
    "{{ '\\n\\n<|scene_desc_start|>\\n' }}"
    "{% for item in turns[0].content %}"
    "{{ item.text + ('' if loop.last else '\\n\\n' if loop.first else '\\n') }}"
    "{% endfor %}"
    "{{ '\\n<|scene_desc_end|>' }}"
    "{% set turns = turns[1:] %}"
    "{% endif %}"
    "{{ '<|eot_id|>' }}"
    "{% for turn in turns %}"
    "{{ '<|start_header_id|>' + turn.role + '<|end_header_id|>\\n\\n' }}"
    "{% for item in turn.content %}"
    "{{ item.text if item.type == 'text' else '<|audio_out_bos|><|AUDIO_OUT|><|audio_eos|>' }}"
    "{% endfor %}"
    "{{ '<|eot_id|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n<|audio_out_bos|>' }}"
    "{% endif %}"
)
"""Lays turns out as the hub's does."""


def higgs(folder: Path, *, hidden: int = 32, layers: int = 2, codec: bool = True) -> Path:
    """Higgs, with its codec where that is wanted."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import HiggsAudioV2Config, HiggsAudioV2ForConditionalGeneration, PreTrainedTokenizerFast

    torch.manual_seed(10)
    words = ["?", *MARKS, *tiny_models.LETTERS, *tiny_models.LETTERS[:26].upper(), *":.,!*<>[]/_\n", *"0123456789"]
    letters = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token=words[0]))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=letters,
        bos_token=MARKS[0],
        eos_token=MARKS[1],
        pad_token=MARKS[1],
        unk_token=words[0],
        additional_special_tokens=list(MARKS[2:]),
        chat_template=TEMPLATE,
    )
    tokenizer.save_pretrained(folder)
    number_of = tokenizer.convert_tokens_to_ids
    config = HiggsAudioV2Config(
        vocab_size=len(words),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=hidden // 2,
        max_position_embeddings=4096,
        initializer_range=0.5,
        bos_token_id=number_of(MARKS[0]),
        eos_token_id=number_of(MARKS[1]),
        pad_token_id=number_of(MARKS[1]),
        codebook_size=1026,
        audio_bos_token_id=number_of("<|audio_out_bos|>"),
        audio_token_id=number_of("<|AUDIO_OUT|>"),
        audio_delay_token_id=number_of("<|reserved_special_token_6|>"),
    )
    # The head that writes is in the hub's files too.
    model: Any = HiggsAudioV2ForConditionalGeneration(config, use_text_head=True)
    with torch.no_grad():
        # The end of speech is said by chance too seldom to matter.
        model.audio_lm_head.weight.view(8, 1026, hidden)[:, 1025] = 0
    # Or else the library would take the rest of it for nobody's.
    model.generation_config._from_model_config = False
    model.generation_config.ras_win_len = 7
    model.generation_config.ras_win_max_num_repeat = 2
    model.save_pretrained(folder)
    if codec:
        higgs_codec(folder / "audio_tokenizer")
    return folder


def higgs_codec(folder: Path, *, codebook_size: int = 1024, is_full: bool = False) -> Path:
    """The codec at 24 kHz and 25 frames a second, as narrow as it can be or as it is published."""
    import torch
    from transformers import DacConfig, HiggsAudioV2TokenizerConfig, HubertConfig

    torch.manual_seed(11)
    ratios = [8, 5, 4, 2, 3]
    acoustic = DacConfig(
        encoder_hidden_size=64 if is_full else 2,
        downsampling_ratios=ratios,
        decoder_hidden_size=1024 if is_full else 64,
        upsampling_ratios=ratios,
        hidden_size=256 if is_full else 16,
    )
    narrow: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "conv_dim": (8,) * 7,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 2,
    }
    config = HiggsAudioV2TokenizerConfig(
        acoustic_model_config=acoustic,
        semantic_model_config=HubertConfig(mask_time_prob=0.0, **({} if is_full else narrow)),
        target_bandwidths=[0.5, 1, 1.5, 2],
        codebook_size=codebook_size,
        codebook_dim=64 if is_full else 8,
    )
    model: Any = codec_class()(config)
    with torch.no_grad():
        for quantizer in model.quantizer.quantizers:
            quantizer.codebook.embed.normal_()
        for module in model.acoustic_decoder.modules():
            # As they come they would be silent; and louder, all would be noise that the least difference changes.
            if isinstance(module, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
                torch.nn.init.kaiming_uniform_(module.weight, nonlinearity="linear").mul_(0.7)
                torch.nn.init.uniform_(module.bias, -0.01, 0.01)
        torch.nn.init.normal_(model.fc2.weight, std=0.5)
    model.save_pretrained(folder)
    return folder
