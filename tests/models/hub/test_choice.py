"""Which files of a repository are fetched."""

import pytest

from wyoming_openspeakers.models.hub.choice import choose_files, has_weights
from wyoming_openspeakers.models.hub.lookup import parse_name

SETTINGS = ["config.json", "generation_config.json", "preprocessor_config.json", "tokenizer_config.json", "vocab.json"]
NEVER = [
    ".gitattributes", "README.md", "flax_model.msgpack", "tf_model.h5", "onnx/model.onnx", "onnx/config.json",
    "training_args.bin", "optimizer.bin", "trainer_state.json", "checkpoint-100/config.json",
    "checkpoint-100/model.safetensors", "samples/one.wav", "model.onnx", "rust_model.ot", ".cache/config.json",
]  # fmt: skip


@pytest.mark.parametrize(
    ("weights", "chosen"),
    [
        (["model.safetensors", "pytorch_model.bin"], ["model.safetensors"]),
        (["pytorch_model.bin"], ["pytorch_model.bin"]),
        (["model.safetensors", "model.fp16.safetensors"], ["model.safetensors"]),
        (["speech.safetensors", "pytorch_model.bin"], ["pytorch_model.bin"]),
        (
            [
                "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json",
                "pytorch_model-00001-of-00001.bin",
            ],
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"],
        ),
        (["flax_model.bin", "adapter_model.safetensors", "speech.bin"], []),
    ],
)  # fmt: skip
def test_weights_come_in_one_format_and_the_rest_is_left(weights: list[str], chosen: list[str]) -> None:
    found = choose_files([*SETTINGS, *NEVER, *weights])
    assert found == sorted([*SETTINGS, *chosen])
    assert has_weights(found) == bool(chosen)


def test_tokenizers_of_all_kinds_come_along() -> None:
    files = ["config.json", "merges.txt", "source.spm", "spiece.model", "spm_char.model", "vocab.txt", "x.tiktoken"]
    assert choose_files(files) == files


def test_voices_come_along() -> None:
    files = [
        "config.json", "model.safetensors", "speaker_embeddings/en_1.npy", "speaker_embeddings/v2/en_1.npy",
        "voices/one.safetensors",
    ]  # fmt: skip
    assert choose_files([*files, "speaker_embeddings/readme.md", "voices/one.pt"]) == files


def test_a_part_with_settings_of_its_own_comes_along_and_is_not_the_model() -> None:
    part = ["speech_tokenizer/config.json", "speech_tokenizer/model.safetensors"]
    assert choose_files(["config.json", *part, "speech_tokenizer/pytorch_model.bin"]) == ["config.json", *part]
    assert not has_weights(part)


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("facebook/mms-tts-deu", ("facebook/mms-tts-deu", "")),
        ("suno/bark@main", ("suno/bark", "main")),
        ("a/b@refs/pr/1", ("a/b", "refs/pr/1")),
        ("0wner/v1.0_x", ("0wner/v1.0_x", "")),
    ],
)
def test_names_of_the_hub(name: str, parsed: tuple[str, str]) -> None:
    assert parse_name(name) == parsed


@pytest.mark.parametrize(
    "name",
    [
        "", "bark", "/bark", "suno/", "a/b/c", "../../etc", "a/..", "a/b--c", "a--b/c", ".a/b", "a/.b", "a/b.git",
        "-a/b", "a/b-", "a/b.", "a b/c", "a/b\n", "a/b@", "a/b@../x", "a/b@-x", "ä/b", "a/" + "b" * 200, "a\\b/c",
        "http://a/b", "a/b?c", "a/b#c", "a%2Fb/c",
    ],
)  # fmt: skip
def test_what_is_no_name_of_the_hub(name: str) -> None:
    assert parse_name(name) is None
