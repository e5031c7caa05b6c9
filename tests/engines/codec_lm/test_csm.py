"""CSM streams what Mimi would make of all at once, speaks like a recording, and keeps its voice."""

from __future__ import annotations

import copy
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
import torch
from assets import Loaded, load

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.codec_lm.csm import CodeChoice, CsmFamily, CsmLayout
from wyoming_openspeakers.engines.codec_lm.mimi import MimiParts, MimiStream
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of

pytestmark = pytest.mark.slow

LONG = "Good day to all of you, and to the cat. " * 5
MOST = {"max_frames": 4}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tiny_models.csm(tmp_path_factory.mktemp("csm"))
    loaded = load(spec_of(folder))
    yield loaded
    loaded.engine.unload()


def spec_of(folder: Path) -> ModelSpec:
    return ModelSpec("csm", "codec_lm", (str(folder),), "default")


def family(loaded: Loaded) -> CsmFamily:
    assert isinstance(loaded.engine, CodecLmEngine) and isinstance(loaded.engine._model, CsmFamily)
    return loaded.engine._model


def ask(*references: Reference, text: str = "Good day.") -> EngineRequest:
    return EngineRequest(text, "" if references else "default", seed=4, references=references, parameters=MOST)


def recording(folder: Path, name: str, pitch: float, rate: int = 24_000) -> Reference:
    """A second of a tone."""
    path = folder / f"{name}.wav"
    tone = np.sin(np.arange(rate) * pitch * 2 * np.pi / rate) * 0.3
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return Reference(str(path), name, "hello there")


@pytest.mark.parametrize("size", [1, 7])
def test_the_codec_in_chunks_is_the_codec_at_once(loaded: Loaded, size: int) -> None:
    codec = family(loaded)._model.codec_model
    # Longer than its attention looks back.
    codes = torch.randint(0, 16, (150, 4), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole = codec.decode(codes.T[None]).audio_values.reshape(-1).numpy()
        stream = MimiStream(MimiParts(codec))
        chunks = [stream.push(codes[begin : begin + size].tolist()) for begin in range(0, 150, size)]
    np.testing.assert_allclose(np.concatenate(chunks), whole, atol=1e-4 * np.abs(whole).max())


def test_a_frame_of_ends_is_the_end() -> None:
    layout = CsmLayout(0)
    assert layout.take(torch.tensor([[0, 1, 0]])) == [0, 1, 0] and not layout.is_over
    assert layout.take(torch.tensor([[0, 0, 5]])) is None and layout.is_over


def test_only_what_the_codec_knows_can_be_said() -> None:
    choice = CodeChoice(Sampler(generator_of(torch.device("cpu"), 1), 1.0), 16)
    scores = torch.zeros(1, 20)
    scores[:, 16:] = 90
    assert all(int(choice(scores, scores.clone()).argmax()) < 16 for _ in range(20))


def test_it_says_what_the_library_says(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the likeliest code one is the likeliest: what is said is no matter of chance."""
    model, words = family(loaded), "Good day."
    conversation = [{"role": "0", "content": [{"type": "text", "text": words}]}]
    prompt = model._processor.apply_chat_template(conversation, tokenize=True, return_dict=True, return_tensors="pt")
    inner = model._model.depth_decoder
    # What it is told of the inner model, it keeps.
    monkeypatch.setattr(inner, "generation_config", copy.deepcopy(inner.generation_config))
    options = {"do_sample": False, "depth_decoder_do_sample": False, "max_new_tokens": 12}
    with torch.no_grad():
        sound = model._model.generate(**prompt, **options, output_audio=True)[0].numpy()
    said = loaded.say(EngineRequest(words, "default", parameters={"max_frames": 12, "top_k": 1}))
    assert said.shape == sound.shape == (12 * 1920,)
    np.testing.assert_allclose(said, sound, atol=1e-4 * np.abs(sound).max())


def test_says_that_it_clones_and_has_one_speed(loaded: Loaded) -> None:
    can = CodecLmEngine.capabilities_of(loaded.spec)
    assert can.cloning and can.needs_transcript and can.speed is None


def test_a_recording_changes_the_voice_and_is_encoded_once_until_it_goes(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    real = family(loaded)._encode

    def counting(values: Any, *arguments: Any, **options: Any) -> Any:
        encoded.append(values.shape[-1])
        return real(values, *arguments, **options)

    monkeypatch.setattr(family(loaded), "_encode", counting)
    said = []
    low, high = recording(tmp_path, "low", 120), recording(tmp_path, "high", 900)
    for references in ((), (low,), (high,)):
        one, other = (loaded.say(ask(*references, text=LONG)) for _ in range(2))
        np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(one).max())
        said.append(one)
    assert len(encoded) == 2
    assert not np.array_equal(said[0], said[1]) and not np.array_equal(said[1], said[2])
    loaded.engine.forget(["low"])
    np.testing.assert_allclose(loaded.say(ask(low, text=LONG)), said[1], atol=1e-3 * np.abs(said[1]).max())
    assert len(encoded) == 3
    # It goes by what it is derived from, and not by its name.
    changed = Reference(recording(tmp_path, "low", 700).path, "changed", "hello there")
    assert not np.array_equal(loaded.say(ask(changed, text=LONG)), said[1])
    assert len(encoded) == 4


def test_several_recordings_are_one_prompt(loaded: Loaded, tmp_path: Path) -> None:
    low, high = recording(tmp_path, "low", 120), recording(tmp_path, "high", 900)
    assert not np.array_equal(loaded.say(ask(low, high)), loaded.say(ask(low)))


def test_a_recording_that_cannot_be_used_is_a_clear_error(loaded: Loaded, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="missing or damaged"):
        loaded.say(ask(Reference(str(tmp_path / "gone.wav"), "gone", "hello")))
    with pytest.raises(EngineError, match="16000 Hz") as caught:
        loaded.say(ask(recording(tmp_path, "slow", 300, rate=16_000)))
    assert caught.value.code == "bad_parameter"


def test_without_a_recording_all_pieces_go_on_from_the_first(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    talks: list[list[dict[str, Any]]] = []
    real = family(loaded)._conversation

    def noting(*arguments: Any) -> list[dict[str, Any]]:
        talks.append(real(*arguments))
        return talks[-1]

    monkeypatch.setattr(family(loaded), "_conversation", noting)
    for _ in range(2):
        talks.clear()
        loaded.say(EngineRequest(LONG, "default", seed=4, parameters=MOST))
        assert [len(talk) for talk in talks] == [1, 2]
        first, second = talks[0][0]["content"][0]["text"], talks[1][0]["content"]
        # The next request begins anew.
        assert second[0]["text"] == first and second[1]["audio"].size == 4 * 1920


def test_its_own_loader_does_what_it_does(loaded: Loaded) -> None:
    """It spreads the settings of the inner model, without which that would not end where it has to."""
    inner = family(loaded)._model
    assert inner.depth_decoder.generation_config.do_sample and inner.generation_config.max_new_tokens == 12


def test_the_author_s_own_weights_beside_the_library_s_are_left_alone(tmp_path: Path) -> None:
    folder = tiny_models.csm(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "transformers_weights": "transformers.safetensors"}))
    assert "weights are missing" in (CodecLmEngine.problem(spec_of(folder)) or "")
    (folder / "model.safetensors").rename(folder / "transformers.safetensors")
    (folder / "model.safetensors").write_bytes(b"somebody else's")
    loaded = load(spec_of(folder))
    assert loaded.say(ask()).size > 0
    loaded.engine.unload()


def test_without_a_sample_rate_it_is_no_voice(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "csm"}))
    (tmp_path / "model.safetensors").touch()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).touch()
    assert "sample rate" in (CodecLmEngine.problem(spec_of(tmp_path)) or "")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"sampling_rate": 24_000}))
    assert CodecLmEngine.problem(spec_of(tmp_path)) is None
    assert [voice.rate for voice in CodecLmEngine.voices(spec_of(tmp_path))] == [24_000]


NEEDED = ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


@pytest.mark.parametrize("name", NEEDED)
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    folder = tiny_models.csm(tmp_path)
    (folder / name).unlink()
    demand_clear(folder, name)


@pytest.mark.parametrize("damage", ["cut off", "something else"])
@pytest.mark.parametrize("name", NEEDED[:-1])
def test_a_file_that_is_damaged_is_named(tmp_path: Path, name: str, damage: str) -> None:
    folder = tiny_models.csm(tmp_path)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2] if damage == "cut off" else bytes(len(whole)))
    # The library does not say which of a tokenizer's files it cannot read.
    demand_clear(folder, "tokenizer" if "tokenizer" in name else name)


def demand_clear(folder: Path, name: str) -> None:
    with pytest.raises(EngineError) as caught:
        load(spec_of(folder))
    assert caught.value.code == "model_missing"
    told = str(caught.value)
    assert str(folder) in told and (name in told or (name == "model.safetensors" and "weights" in told))
