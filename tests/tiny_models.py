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


def fastspeech2(folder: Path, speakers: int = 1, *, apart: bool = False) -> Path:
    """FastSpeech2Conformer together with its vocoder, or with that in a folder of its own."""
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
    (model.model if apart else model).save_pretrained(folder)
    if apart:
        model.vocoder.save_pretrained(folder / "vocoder")
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


def seamless(folder: Path, *, second: bool = False, speakers: int = 4) -> Path:
    """SeamlessM4T of either version, whole, so with what it listens with; it speaks English, French and German."""
    import torch
    from transformers import (
        SeamlessM4TConfig,
        SeamlessM4TModel,
        SeamlessM4TTokenizer,
        SeamlessM4Tv2Config,
        SeamlessM4Tv2Model,
    )

    torch.manual_seed(6)
    languages = ("deu", "eng", "fra", "lat")
    words = ["<pad>", "<unk>", "<s>", "</s>", "▁", *LETTERS.replace(" ", ""), *".,HG"]
    tokenizer = SeamlessM4TTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        additional_special_tokens=[f"__{language}__" for language in languages],
    )
    tokenizer.save_pretrained(folder)
    parts = ("encoder", "decoder", "t2u_encoder", "t2u_decoder")
    size: dict[str, Any] = {"speech_encoder_intermediate_size": 16, "feature_projection_input_dim": 8}
    size |= {f"{part}_layers": 1 for part in (*parts, "speech_encoder")}
    size |= {f"{part}_attention_heads": 2 for part in (*parts, "speech_encoder")}
    size |= {f"{part}_ffn_dim": 16 for part in parts}
    if second:
        size |= {"char_vocab_size": 40, "t2u_variance_predictor_embed_dim": 16, "t2u_variance_predictor_hidden_dim": 16}
    else:
        size |= {"num_conv_pos_embedding_groups": 2, "num_conv_pos_embeddings": 4, "t2u_max_new_tokens": 60}
    config: Any = (SeamlessM4Tv2Config if second else SeamlessM4TConfig)(
        vocab_size=len(tokenizer),
        hidden_size=16,
        initializer_range=0.2,
        t2u_vocab_size=44,
        unit_hifi_gan_vocab_size=40,
        unit_embed_dim=16,
        lang_embed_dim=4,
        spkr_embed_dim=4,
        vocoder_num_langs=3,
        vocoder_num_spkrs=speakers,
        upsample_initial_channel=32,
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        **size,
    )
    model: Any = (SeamlessM4Tv2Model if second else SeamlessM4TModel)(config)
    predictor = model.t2u_model.model.decoder.duration_predictor if second else model.vocoder.dur_predictor
    with torch.no_grad():
        predictor.proj.weight.zero_()
        predictor.proj.bias.fill_(math.log(FRAMES_PER_LETTER + 1))
        # Signs that have no sound are never the most likely.
        model.t2u_model.lm_head.weight[:4] = 0
    model.save_pretrained(folder)
    spoken = ("deu", "eng", "fra")
    generation = json.loads((folder / "generation_config.json").read_text("utf-8"))
    # Or else the library would take the rest of it for nobody's.
    del generation["_from_model_config"]
    generation["text_decoder_lang_to_code_id"] = {
        language: tokenizer.convert_tokens_to_ids(f"__{language}__") for language in languages
    }
    generation["t2u_lang_code_to_id"] = {language: 41 + number for number, language in enumerate(spoken)}
    generation["vocoder_lang_code_to_id"] = {language: number for number, language in enumerate(spoken)}
    if second:
        generation["id_to_text"] = {str(number): word for number, word in enumerate(words)}
        generation["char_to_id"] = {word: number for number, word in enumerate(words) if len(word) == 1}
    (folder / "generation_config.json").write_text(json.dumps(generation), "utf-8")
    return folder


def csm(folder: Path) -> Path:
    """CSM with its codec, a Mimi, at 24 kHz."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        CsmConfig,
        CsmForConditionalGeneration,
        CsmProcessor,
        EncodecFeatureExtractor,
        MimiConfig,
        PreTrainedTokenizerFast,
    )

    torch.manual_seed(7)
    special = ("<|begin_of_text|>", "<|end_of_text|>", "<|AUDIO|>", "<|audio_eos|>")
    words = (*special, "?", *LETTERS, *"[]0.,HG")
    vocabulary = models.WordLevel({word: number for number, word in enumerate(words)}, unk_token=words[4])
    letters = Tokenizer(vocabulary)
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=letters,
        bos_token=special[0],
        eos_token=special[1],
        pad_token=special[1],
        unk_token=words[4],
        extra_special_tokens={"audio_token": special[2], "audio_eos_token": special[3]},
    )
    books: dict[str, Any] = {"num_codebooks": 4, "vocab_size": 16}
    size = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
    }
    codec = MimiConfig(
        **{**size, "num_key_value_heads": 2},
        num_filters=4,
        codebook_size=16,
        codebook_dim=8,
        vector_quantization_hidden_dimension=8,
        num_quantizers=4,
        upsample_groups=16,
    )
    # Large, or else what comes next would not depend on what came before.
    config = CsmConfig(
        **books,
        **size,
        initializer_range=1.0,
        text_vocab_size=len(words),
        codebook_pad_token_id=15,
        # All codes of a frame are this one by chance too seldom to matter: the end comes by the longest length allowed.
        codebook_eos_token_id=14,
        bos_token_id=0,
        pad_token_id=1,
        audio_token_id=2,
        audio_eos_token_id=3,
        depth_decoder_config={**books, **size, "backbone_hidden_size": 16, "max_position_embeddings": 5},
        codec_config=codec.to_dict(),
    )
    model: Any = CsmForConditionalGeneration(config)
    with torch.no_grad():
        for name, weight in model.codec_model.named_buffers():
            if name.endswith("embed_sum"):
                weight.normal_()
    for generation in (model.generation_config, model.depth_decoder.generation_config):
        # Or else the library would take what is not in every model's settings for nobody's.
        generation._from_model_config = False
        generation.do_sample = True
    model.generation_config.max_new_tokens = 12
    model.save_pretrained(folder)
    template = (
        "{% for message in messages %}{% for part in message.content %}{% if part.type == 'text' %}"
        "<|begin_of_text|>[{{ message.role }}]{{ part.text }}<|end_of_text|>"
        "{% else %}<|AUDIO|><|audio_eos|>{% endif %}{% endfor %}{% endfor %}"
    )
    CsmProcessor(EncodecFeatureExtractor(sampling_rate=24_000), tokenizer, chat_template=template).save_pretrained(
        folder
    )
    return folder
