"""Tiny checkpoints with random weights in the hub's own layout: they say noise, but as real ones would."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz' -"

FRAMES_PER_LETTER = 4
"""How long a letter is, whatever the random weights of a duration predictor would have said."""


def vits(folder: Path, *, speakers: int = 1, stochastic: bool = True, **tokenizer: Any) -> Path:
    """A model of the VITS family at 16 kHz, as Meta's MMS."""
    import torch
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    torch.manual_seed(1)
    config = VitsConfig(
        vocab_size=len(LETTERS) + 2,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=16,
        flow_size=16,
        spectrogram_bins=9,
        use_stochastic_duration_prediction=stochastic,
        num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0,
        upsample_initial_channel=16,
        upsample_rates=[8, 8, 4],
        upsample_kernel_sizes=[16, 16, 8],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        duration_predictor_filter_channels=16,
        duration_predictor_num_flows=1,
    )
    model: Any = VitsModel(config)
    with torch.no_grad():
        if stochastic:
            model.duration_predictor.flows[0].translate[0] = -math.log(FRAMES_PER_LETTER / 2)
        else:
            model.duration_predictor.proj.weight.zero_()
            model.duration_predictor.proj.bias.fill_(math.log(FRAMES_PER_LETTER / 2))
    model.save_pretrained(folder)
    vocabulary = {"<pad>": 0, **{letter: number for number, letter in enumerate(LETTERS, 1)}, "<unk>": len(LETTERS) + 1}
    (folder / "letters.json").write_text(json.dumps(vocabulary), "utf-8")
    settings = {"language": "eng", "phonemize": False, "is_uroman": False, **tokenizer}
    VitsTokenizer(str(folder / "letters.json"), **settings).save_pretrained(folder)
    (folder / "letters.json").unlink()
    return folder


def large_vits(folder: Path, gigabytes: float) -> Path:
    """A VITS that is large by layers of a common size, to measure how fast its files are read."""
    import torch
    from safetensors.torch import save_file
    from transformers import VitsConfig, VitsModel

    vits(folder)
    (folder / "model.safetensors").unlink()
    config = VitsConfig.from_pretrained(folder)
    config.hidden_size, config.ffn_dim, config.num_attention_heads = 512, 2048, 8
    layer = 4 * 512 * 512 + 2 * 3 * 512 * 2048
    config.num_hidden_layers = round(gigabytes * 1e9 / 4 / layer)
    config.save_pretrained(folder)
    with torch.device("meta"):
        shapes = VitsModel(config).state_dict()
    pattern = torch.randn(512, generator=torch.Generator().manual_seed(1)) / 50
    weights = {
        name: pattern.repeat(math.ceil(shape.numel() / 512))[: shape.numel()].reshape(shape.shape)
        for name, shape in shapes.items()
    }
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


def speecht5(folder: Path, speakers: int = 2) -> Path:
    """SpeechT5 with its vocoder in a folder of its own and some speakers."""
    import sentencepiece
    import torch
    from transformers import SpeechT5Config, SpeechT5ForTextToSpeech, SpeechT5HifiGan, SpeechT5HifiGanConfig

    torch.manual_seed(2)
    folder.mkdir(parents=True, exist_ok=True)
    letters = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the quick brown fox jumps over the lazy dog.", "hello there, good morning to you!"]),
        model_writer=letters,
        model_type="char",
        vocab_size=34,
        hard_vocab_limit=False,
        bos_id=0,
        pad_id=1,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )
    (folder / "spm_char.model").write_bytes(letters.getvalue())
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "SpeechT5Tokenizer"}), "utf-8")
    config = SpeechT5Config(
        vocab_size=40,
        hidden_size=16,
        encoder_layers=1,
        encoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=16,
        speech_decoder_prenet_units=16,
        speech_decoder_postnet_units=16,
        speech_decoder_postnet_layers=2,
        num_mel_bins=8,
        speaker_embedding_dim=12,
        max_speech_positions=400,
    )
    model: Any = SpeechT5ForTextToSpeech(config)
    with torch.no_grad():
        # The end comes by the longest length allowed, not by chance.
        model.speech_decoder_postnet.prob_out.weight.zero_()
        model.speech_decoder_postnet.prob_out.bias.fill_(-20)
    model.save_pretrained(folder)
    hifigan(SpeechT5HifiGan, SpeechT5HifiGanConfig).save_pretrained(folder / "vocoder")
    (folder / "speakers").mkdir()
    for number in range(speakers):
        embedding = np.random.default_rng(number).standard_normal(12).astype(np.float32)
        np.save(folder / "speakers" / f"speaker{number}.npy", embedding)
    return folder


def hifigan(model: Any, config: Any, **settings: Any) -> Any:
    """A vocoder for 8 mel bins at 16 kHz."""
    return model(
        config(
            model_in_dim=8,
            initializer_range=0.2,
            upsample_initial_channel=16,
            upsample_rates=[8, 8, 4],
            upsample_kernel_sizes=[16, 16, 8],
            resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1, 3]],
            **settings,
        )
    )


def fastspeech2(folder: Path, speakers: int = 1) -> Path:
    """FastSpeech2Conformer together with its vocoder."""
    import torch
    from transformers import (
        FastSpeech2ConformerConfig,
        FastSpeech2ConformerHifiGanConfig,
        FastSpeech2ConformerWithHifiGan,
        FastSpeech2ConformerWithHifiGanConfig,
    )

    torch.manual_seed(3)
    config = FastSpeech2ConformerConfig(
        hidden_size=16,
        vocab_size=40,
        num_mel_bins=8,
        num_speakers=speakers if speakers > 1 else None,
        encoder_num_attention_heads=2,
        encoder_layers=1,
        encoder_linear_units=16,
        decoder_layers=1,
        decoder_num_attention_heads=2,
        decoder_linear_units=16,
        speech_decoder_postnet_layers=2,
        speech_decoder_postnet_units=16,
        duration_predictor_channels=16,
        energy_predictor_channels=16,
        pitch_predictor_channels=16,
    )
    vocoder = FastSpeech2ConformerHifiGanConfig(
        model_in_dim=8,
        initializer_range=0.2,
        sampling_rate=22_050,
        upsample_initial_channel=16,
        upsample_rates=[8, 8, 4],
        upsample_kernel_sizes=[16, 16, 8],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
    )
    both = FastSpeech2ConformerWithHifiGanConfig(model_config=config.to_dict(), vocoder_config=vocoder.to_dict())
    model: Any = FastSpeech2ConformerWithHifiGan(both)
    with torch.no_grad():
        model.model.duration_predictor.linear.weight.zero_()
        model.model.duration_predictor.linear.bias.fill_(math.log(FRAMES_PER_LETTER + 1))
    model.save_pretrained(folder)
    names = ["<blank>", "<unk>", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", " ", ".", ",", "'", "<sos/eos>"]
    vocabulary = {name: number for number, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    settings = {"tokenizer_class": "FastSpeech2ConformerTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return folder


def bark(folder: Path, *, hidden: int = 16, layers: int = 1, voices: tuple[str, ...] = ("v2/en_speaker_6",)) -> Path:
    """Bark with its presets; `hidden` and `layers` make it as large as is wanted."""
    import torch
    from transformers import BarkConfig, BarkModel, BertTokenizer, EncodecConfig

    torch.manual_seed(4)
    size = {"hidden_size": hidden, "num_layers": layers, "num_heads": max(2, hidden // 64), "block_size": 1024}
    codec = EncodecConfig(
        num_filters=4, hidden_size=16, codebook_dim=16, codebook_size=1024, num_lstm_layers=1, target_bandwidths=[6.0]
    )
    config = BarkConfig(
        semantic_config={**size, "input_vocab_size": 129_600, "output_vocab_size": 10_048},
        coarse_acoustics_config={**size, "input_vocab_size": 12_096, "output_vocab_size": 12_096},
        fine_acoustics_config={**size, "input_vocab_size": 1_056, "output_vocab_size": 1_056},
        codec_config=codec.to_dict(),
    )
    model: Any = BarkModel(config)
    with torch.no_grad():
        for layer in model.codec_model.quantizer.layers:
            layer.codebook.embed.normal_()
    model.save_pretrained(folder)
    generation = {
        "model_type": "bark",
        "codebook_size": 1024,
        "sample_rate": 24_000,
        "semantic_config": {"max_new_tokens": 20, "do_sample": True},
        "coarse_acoustics_config": {"do_sample": True},
        "fine_acoustics_config": {},
    }
    (folder / "generation_config.json").write_text(json.dumps(generation), "utf-8")
    (folder / "words.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS.strip()]), "utf-8"
    )
    BertTokenizer(str(folder / "words.txt")).save_pretrained(folder)
    (folder / "words.txt").unlink()
    shapes = {"semantic_prompt": (12,), "coarse_prompt": (2, 18), "fine_prompt": (8, 18)}
    index: dict[str, Any] = {"repo_or_path": "someone/else"}
    for voice in voices:
        for part, shape in shapes.items():
            file = folder / "speaker_embeddings" / f"{voice}_{part}.npy"
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, np.random.default_rng(5).integers(0, 1000, shape))
            index.setdefault(voice, {})[part] = file.relative_to(folder).as_posix()
    (folder / "speaker_embeddings_path.json").write_text(json.dumps(index), "utf-8")
    return folder
