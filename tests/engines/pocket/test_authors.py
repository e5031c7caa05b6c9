"""Files in the authors' layout say what the authors' package says of them."""

from __future__ import annotations

import importlib
import os
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers.models.pocket_tts", reason="the transformers that is installed has no pocket_tts")
pytest.importorskip("pocket_tts", reason="pocket-tts is not installed: pip install --no-deps pocket-tts")

import torch
from assets import Loaded, load
from recordings import speech, wav

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.pocket import PocketEngine
from wyoming_openspeakers.engines.torch.running import running

FRAME = 1_920
RATE = 24_000
SAID = "Good day to all of you"
WORDS = 60


def settings(folder: Path) -> Any:
    """The authors' settings of a model as narrow as their heads allow."""
    codec = {"d_model": 64, "num_heads": 1, "num_layers": 1, "layer_scale": 0.5, "context": 250,
             "dim_feedforward": 64, "input_dimension": 64, "output_dimensions": [64]}  # fmt: skip
    shape = {"dimension": 64, "channels": 1, "n_filters": 4, "n_residual_layers": 1, "ratios": [6, 5, 4],
             "kernel_size": 7, "residual_kernel_size": 3, "last_kernel_size": 3, "dilation_base": 2,
             "pad_mode": "constant", "compress": 2}  # fmt: skip
    return importlib.import_module("pocket_tts.utils.config").Config(
        flow_lm={
            "insert_bos_before_voice": True,
            "dtype": "float32",
            "flow": {"depth": 2, "dim": 32},
            "transformer": {"d_model": 128, "hidden_scale": 2, "max_period": 10000, "num_heads": 2, "num_layers": 2},
            "lookup_table": {"dim": 128, "n_bins": WORDS, "tokenizer": "tokenizers",
                             "tokenizer_path": str(folder / "tokenizer.json")},
        },
        mimi={
            "dtype": "float32", "sample_rate": RATE, "inner_dim": 8, "outer_dim": 64, "channels": 1,
            "frame_rate": 12.5, "seanet": shape, "transformer": codec,
            "quantizer": {"dimension": 8, "output_dimension": 64},
        },
    )  # fmt: skip


def make(folder: Path, *, can_hear: bool = True) -> Any:
    """A model by the authors' own classes, saved as they do."""
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    names: Any = importlib.import_module("pocket_tts.models.tts_model")
    folder.mkdir(parents=True)
    letters = ["<unk>", "<s>", "</s>", "<pad>", *string.ascii_letters, *" .,?"]
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(letters)}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    words.decoder = decoders.Fuse()
    words.save(str(folder / "tokenizer.json"))
    torch.manual_seed(13)
    config = settings(folder)
    model = names.TTSModel._from_pydantic_config(config, 0.3, 1, None, -4.0, None)
    model.flow_lm.speaker_proj_weight = torch.nn.Parameter(torch.randn(128, 8) / 3 * can_hear)
    model.mimi = names.build_mimi(config.mimi)
    names.stamp_state_names(model)
    model = model.eval().requires_grad_(False)
    model.flow_lm.out_eos.bias.fill_(-20)
    model.flow_lm.emb_mean.normal_()
    model.mimi.quantizer.output_proj.weight.normal_()
    save_file(model.state_dict(), folder / "model.safetensors")
    return model


def voice_of(model: Any, file: Path, seconds: float) -> Any:
    """What the authors' model keeps of a recording, which is saved too."""
    states: Any = importlib.import_module("pocket_tts.models.model_state")
    samples = torch.from_numpy(np.trunc(speech(seconds, RATE) * 32767) / 32768)[None].float()
    with torch.no_grad():
        state = model.get_state_for_audio_prompt(samples)
    file.parent.mkdir(exist_ok=True)
    states.export_model_state(state, file)
    return state


def by_authors(model: Any, state: Any, frames: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the authors' package says: its noise is drawn as ours is."""
    generator = torch.Generator().manual_seed(3)
    is_text = iter([True])

    def draw(noise: Any, mean: float, std: float) -> Any:
        # Its first frame is made while it reads the text, and is not used.
        return noise if next(is_text, False) else noise.copy_(torch.randn(noise.shape, generator=generator) * std)

    with monkeypatch.context() as patch, running(1):
        patch.setattr(torch.nn.init, "normal_", draw)
        patch.setattr(model, "_estimate_max_gen_len", lambda *given: frames, raising=True)
        return model.generate_audio(state, SAID).numpy()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("pocket") / "model"
    return make(folder / "languages" / "english"), folder


def spec_of(folder: Path, cache: Path) -> ModelSpec:
    return ModelSpec("p", "pocket", (str(folder),), "somebody", threads=1, cache_path=str(cache))


@pytest.fixture(scope="module")
def pocket(model: tuple[Any, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    theirs, folder = model
    voice_of(theirs, folder / "languages" / "english" / "embeddings" / "somebody.safetensors", 2.0)
    loaded = load(spec_of(folder, tmp_path_factory.mktemp("cache")))
    yield loaded
    loaded.engine.unload()


def test_says_what_the_authors_package_says(
    model: tuple[Any, Path], pocket: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, _ = model
    state = voice_of(theirs, tmp_path / "voices" / "somebody.safetensors", 2.0)
    expected = by_authors(theirs, state, 12, monkeypatch)
    made = pocket.say(EngineRequest(SAID, "somebody", seed=3, parameters={"max_frames": 12}))
    assert made.size == expected.size == 12 * FRAME and float(np.abs(expected).max()) > 0.01
    np.testing.assert_allclose(made, expected, atol=1e-3 * float(np.abs(expected).max()))


def test_clones_as_the_authors_package_does(
    model: tuple[Any, Path], pocket: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, _ = model
    expected = by_authors(theirs, voice_of(theirs, tmp_path / "v" / "a.safetensors", 1.5), 12, monkeypatch)
    (tmp_path / "a.wav").write_bytes(wav(speech(1.5, RATE), RATE))
    reference = Reference(str(tmp_path / "a.wav"), "a")
    made = pocket.say(EngineRequest(SAID, "", seed=3, parameters={"max_frames": 12}, references=(reference,)))
    np.testing.assert_allclose(made, expected, atol=1e-3 * float(np.abs(expected).max()))


def test_is_converted_once(model: tuple[Any, Path], pocket: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = model
    assert pocket.spec.cache_path
    monkeypatch.setattr("wyoming_openspeakers.engines.pocket.converted._convert", None)
    again = load(spec_of(folder, Path(pocket.spec.cache_path)))
    assert again.say(EngineRequest(SAID, "somebody", parameters={"max_frames": 2})).size == 2 * FRAME
    again.engine.unload()


def test_what_was_made_before_goes_and_what_others_make_stays(model: tuple[Any, Path], tmp_path: Path) -> None:
    _, folder = model
    cache = tmp_path / "cache"
    for name in (".english-1", ".english-2", "english-0123", "english-us-0123", "english_24l-0123"):
        (cache / name / "english").mkdir(parents=True)
    # Of a process that was killed, and of one that is at work.
    os.utime(cache / ".english-1", (1, 1))
    load(spec_of(folder, cache)).engine.unload()
    left = {path.name for path in cache.iterdir()}
    assert {".english-2", "english-us-0123", "english_24l-0123"} < left and len(left) == 4


def test_the_files_for_everybody_do_not_clone(tmp_path: Path) -> None:
    make(tmp_path / "english", can_hear=False)
    spec = replace(spec_of(tmp_path / "english", tmp_path / "cache"), voice=None)
    assert not PocketEngine.capabilities_of(spec).cloning and PocketEngine.voices(spec) == []
    assert "without them it cannot speak" in (PocketEngine.problem(spec) or "")


@pytest.mark.parametrize("damage", ["cut", "text", "tokenizer"])
def test_damaged_files_are_told_of(model: tuple[Any, Path], tmp_path: Path, damage: str) -> None:
    _, folder = model
    place = tmp_path / "german"
    place.mkdir()
    for name in ("model.safetensors", "tokenizer.json"):
        (place / name).write_bytes((folder / "languages" / "english" / name).read_bytes())
    weights = place / "model.safetensors"
    if damage == "tokenizer":
        (place / "tokenizer.json").unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:100_000] if damage == "cut" else b"not weights " * 100)
    spec = spec_of(place, tmp_path / "cache")
    with pytest.raises(EngineError, match=r"tokenizer\.json" if damage == "tokenizer" else r"model\.safetensors"):
        PocketEngine().load(spec, "cpu")


def test_the_language_is_the_folders(model: tuple[Any, Path], tmp_path: Path) -> None:
    _, folder = model
    place = tmp_path / "languages" / "german_24l"
    place.mkdir(parents=True)
    for name in ("model.safetensors", "tokenizer.json"):
        (place / name).write_bytes((folder / "languages" / "english" / name).read_bytes())
    (voice,) = PocketEngine.voices(spec_of(tmp_path, tmp_path / "cache"))
    assert voice.languages == ("de",) and voice.name == "default"
