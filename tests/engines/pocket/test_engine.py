"""Pocket-TTS streams what the library's own loop says, in a voice that it has heard once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers.models.pocket_tts", reason="the transformers that is installed has no pocket_tts")

import tiny_pocket
import torch
from assets import Loaded, load
from recordings import speech, wav

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.pocket import PocketEngine
from wyoming_openspeakers.engines.pocket.family import PocketFamily
from wyoming_openspeakers.engines.pocket.voices import Heard

FRAME = 1_920
RATE = 24_000
HELLO = "Good day to all of you."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pocket.pocket(tmp_path_factory.mktemp("pocket") / "model")


@pytest.fixture(scope="module")
def pocket(folder: Path) -> Iterator[Loaded]:
    loaded = load(ModelSpec("p", "pocket", (str(folder),), "alba", threads=1))
    yield loaded
    loaded.engine.unload()


def family(loaded: Loaded) -> PocketFamily:
    assert isinstance(loaded.engine, PocketEngine) and loaded.engine._model is not None
    return loaded.engine._model


def request(voice: str = "alba", *, text: str = HELLO, frames: int | None = 12, **options: Any) -> EngineRequest:
    parameters = {} if frames is None else {"max_frames": frames}
    return EngineRequest(text, voice, seed=3, parameters=parameters, **options)


def recording(folder: Path, name: str = "somebody", seconds: float = 2.0) -> Reference:
    path = folder / f"{name}.wav"
    path.write_bytes(wav(speech(seconds, RATE), RATE))
    return Reference(str(path), name)


def by_library(loaded: Loaded, voice: dict[str, Any], *, frames: int | None = 12, text: str = HELLO) -> Any:
    """What the library makes of a conversation, voice and text at once."""
    from transformers import PocketTTSFeatureExtractor, PocketTTSProcessor

    own: Any = family(loaded)
    processor = PocketTTSProcessor(
        PocketTTSFeatureExtractor(), own._tokenizer, audio_tokenizer=own._codec, chat_template=tiny_pocket.TEMPLATE
    )
    said = [{"role": "user", "content": [{"type": "audio"}, {"type": "text", "text": text}]}]
    prompt = processor.apply_chat_template(said, tokenize=False)
    inputs = processor(text=prompt, return_tensors="pt", **voice)
    torch.manual_seed(3)
    options = {} if frames is None else {"max_new_tokens": frames}
    with torch.no_grad():
        (latents,) = own._model.generate(**inputs, **options)
        return processor.decode(latents).numpy()


def latents_of(folder: Path, voice: str) -> Any:
    from safetensors.torch import load_file

    return load_file(folder / "voices" / f"{voice}.safetensors")["latents"]


@pytest.mark.parametrize("voice", ["alba", "jean"])
def test_says_what_the_librarys_loop_says(pocket: Loaded, folder: Path, voice: str) -> None:
    expected = by_library(pocket, {"audio_prompt_latents": [latents_of(folder, voice)]})
    made = pocket.say(request(voice))
    assert made.size == 12 * FRAME and float(np.abs(expected).max()) > 0.01
    np.testing.assert_allclose(made, expected, atol=1e-4 * float(np.abs(expected).max()))


def test_speaks_like_a_recording_as_the_library_does(pocket: Loaded, tmp_path: Path) -> None:
    reference = recording(tmp_path)
    expected = by_library(pocket, {"audio": [np.trunc(speech(2.0, RATE) * 32767) / 32768], "sampling_rate": RATE})
    made = pocket.say(request("", references=(reference,)))
    assert made.size == 12 * FRAME
    np.testing.assert_allclose(made, expected, atol=1e-3 * float(np.abs(expected).max()))


def test_a_voice_is_heard_once(pocket: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    hear = family(pocket)._flow.hear

    def listen(ids: list[int], latents: Any) -> Heard:
        heard.append(len(latents))
        return hear(ids, latents)

    monkeypatch.setattr(family(pocket)._flow, "hear", listen)
    reference = recording(tmp_path, "another", 1.0)
    first, again = (pocket.say(request("", references=(reference,))) for _ in range(2))
    assert np.allclose(first, again, atol=1e-4) and len(heard) == 1
    pocket.engine.forget(["another"])
    assert np.allclose(first, pocket.say(request("", references=(reference,))), atol=1e-4) and len(heard) == 2
    assert not np.allclose(first, pocket.say(request("alba")), atol=1e-2)


def test_streams_while_it_speaks_and_fades_in_once(pocket: Loaded) -> None:
    chunks = [chunk.samples for chunk in pocket.engine.stream(request(frames=40))]
    assert len(chunks) > 1 and chunks[0].size == FRAME
    assert sum(chunk.size for chunk in chunks) == 40 * FRAME
    assert chunks[0][0] == 0 and all(chunk[0] != 0 for chunk in chunks[1:])


@pytest.mark.slow
def test_longer_than_the_codec_looks_back(pocket: Loaded, folder: Path) -> None:
    expected = by_library(pocket, {"audio_prompt_latents": [latents_of(folder, "alba")]}, frames=60)
    made = pocket.say(request(frames=60))
    np.testing.assert_allclose(made, expected, atol=1e-3 * float(np.abs(expected).max()))


@pytest.mark.parametrize(("text", "frames"), [("Hello.", 6 + 1 + 4), (HELLO, 6 + 1 + 2)])
def test_ends_some_frames_after_the_end_of_speech(tmp_path: Path, text: str, frames: int) -> None:
    folder = tiny_pocket.pocket(tmp_path, eos=5.0)
    loaded = load(ModelSpec("p", "pocket", (str(folder),), "alba", threads=1))
    assert loaded.say(request(text=text, frames=None)).size == frames * FRAME
    loaded.engine.unload()


def test_says_at_most_as_much_as_fits_the_text(pocket: Loaded, folder: Path) -> None:
    expected = by_library(pocket, {"audio_prompt_latents": [latents_of(folder, "alba")]}, frames=None, text="Hi.")
    assert pocket.say(request(text="Hi.", frames=None)).size == expected.size


@pytest.mark.parametrize(("name", "value"), [("temperature", 0.1), ("flow_steps", 4)])
def test_parameters_do_something(pocket: Loaded, name: str, value: float) -> None:
    plain = pocket.say(request())
    other = pocket.say(EngineRequest(HELLO, "alba", seed=3, parameters={"max_frames": 12, name: value}))
    assert other.size != plain.size or not np.allclose(plain, other, atol=1e-5)


def test_a_seed_is_its_own(pocket: Loaded) -> None:
    first = pocket.say(request())
    torch.manual_seed(77)
    assert np.allclose(first, pocket.say(request()), atol=1e-4)
    assert not np.allclose(first, pocket.say(EngineRequest(HELLO, "alba", seed=4, parameters={"max_frames": 12})))


def test_a_drifting_model_speaks_too(tmp_path: Path) -> None:
    folder = tiny_pocket.pocket(tmp_path, flow="drifting")
    loaded = load(ModelSpec("p", "pocket", (str(folder),), "alba", threads=1))
    expected = by_library(loaded, {"audio_prompt_latents": [latents_of(folder, "alba")]})
    np.testing.assert_allclose(loaded.say(request()), expected, atol=1e-4 * float(np.abs(expected).max()))
    loaded.engine.unload()


def test_what_layers_keep_of_a_voice_is_a_voice(pocket: Loaded, folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    own = family(pocket)
    with torch.no_grad():
        heard = own._hear(latents_of(folder, "jean"))
    kept = {
        f"layers.{number}.{name}": tensor.contiguous()
        for number, pair in enumerate(heard.layers)
        for name, tensor in zip(("keys", "values"), pair, strict=True)
    }
    save_file(kept, tmp_path / "voices" / "jean.safetensors")
    other = load(ModelSpec("p", "pocket", (str(tmp_path),), "jean", threads=1))
    np.testing.assert_allclose(other.say(request("jean")), pocket.say(request("jean")), atol=1e-4)
    other.engine.unload()


def test_without_an_encoder_it_does_not_clone_and_says_why(tmp_path: Path) -> None:
    folder = tiny_pocket.pocket(tmp_path / "model", gated=False)
    spec = ModelSpec("p", "pocket", (str(folder),), "alba", threads=1)
    assert PocketEngine.problem(spec) is None and not PocketEngine.capabilities_of(spec).cloning
    loaded = load(spec)
    assert loaded.say(request()).size == 12 * FRAME
    with pytest.raises(EngineError, match="accept the terms of kyutai/pocket-tts") as caught:
        loaded.say(request("", references=(recording(tmp_path),)))
    assert caught.value.code == "bad_parameter"
    loaded.engine.unload()
    shutil.rmtree(folder / "voices")
    assert PocketEngine.voices(spec) == []
    assert "without them this copy cannot speak" in (PocketEngine.problem(spec) or "")


def test_the_languages_are_the_folders_or_those_that_were_asked_for(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "pocket-tts-german"
    shutil.copytree(folder, place)
    assert {voice.languages for voice in PocketEngine.voices(ModelSpec("p", "pocket", (str(place),)))} == {("de",)}
    spec = ModelSpec("p", "pocket", (str(folder),), languages=("cs",))
    assert {voice.languages for voice in PocketEngine.voices(spec)} == {("cs",)}
    assert PocketEngine.capabilities_of(spec).cloning


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("audio_tokenizer/config.json", "needs its codec"),
        ("audio_tokenizer/model.safetensors", "The weights are missing"),
        ("tokenizer.json", "tokenizer.json is missing"),
        ("chat_template.jinja", "chat_template.jinja is missing"),
        ("model.safetensors", "The weights are missing"),
        ("config.json", "config.json is missing"),
    ],
)
def test_says_what_is_missing(folder: Path, tmp_path: Path, file: str, said: str) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / file).unlink()
    problem = PocketEngine.problem(ModelSpec("p", "pocket", (str(tmp_path),)))
    assert said in (problem or "") and str(tmp_path) in (problem or "")


def test_a_file_that_is_no_voice_is_told_of(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    save_file({"a": torch.zeros(3, 5)}, tmp_path / "voices" / "alba.safetensors")
    loaded = load(ModelSpec("p", "pocket", (str(tmp_path),), "alba", threads=1))
    with pytest.raises(EngineError, match=r"alba\.safetensors is no voice of this model"):
        loaded.say(request())
    assert loaded.say(request("jean")).size == 12 * FRAME
    loaded.engine.unload()


def test_the_settings_that_it_reads_are_those_of_the_hub(folder: Path) -> None:
    assert json.loads((folder / "config.json").read_text("utf-8"))["model_type"] in PocketFamily.kinds
