"""Higgs streams what its library would say at once, speaks like a recording, and keeps its voice."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_higgs
import torch
from assets import Loaded

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.codec_lm.higgs import AUDIO, HiggsFamily
from wyoming_openspeakers.engines.codec_lm.higgs_prompt import conversation
from wyoming_openspeakers.engines.control import CancelFlag, Cancelled
from wyoming_openspeakers.engines.torch.family import Family

pytestmark = pytest.mark.slow

HELLO = "Good morning."
LONG = "The living room is warm, and the window has been open for more than three hours. " * 8
FRAMES = 12
SAMPLES = 960
GREEDY = {"temperature": 0.01, "top_k": 1, "max_repeats": 0, "max_frames": FRAMES}


class HiggsEngine(CodecLmEngine):
    families: ClassVar[tuple[type[Family], ...]] = (HiggsFamily,)
    capabilities: ClassVar[Capabilities] = replace(CodecLmEngine.capabilities, parameters=HiggsFamily.parameters)


ENGINE = HiggsEngine


def load(folder: Path) -> Loaded:
    engine = HiggsEngine()
    spec = ModelSpec("higgs", "higgs", (str(folder),), "default", threads=1)
    engine.load(spec, "cpu")
    return Loaded(engine, spec, "default")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_higgs.higgs(tmp_path_factory.mktemp("higgs") / "model")


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Iterator[Loaded]:
    loaded = load(folder)
    yield loaded
    loaded.engine.unload()


def family(loaded: Loaded) -> HiggsFamily:
    assert isinstance(loaded.engine, CodecLmEngine) and isinstance(loaded.engine._model, HiggsFamily)
    return loaded.engine._model


def ask(text: str = HELLO, **others: Any) -> EngineRequest:
    return EngineRequest(text, **{"voice": "default", "seed": 5, "parameters": {"max_frames": FRAMES}, **others})


def recording(folder: Path, name: str, pitch: float, rate: int = 24_000, seconds: float = 1.0) -> Reference:
    path = folder / f"{name}.wav"
    tone = np.sin(np.arange(int(rate * seconds)) * pitch * 2 * np.pi / rate) * 0.3
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return Reference(str(path), name, "hello there")


def close(one: Any, other: Any, part: float = 1e-4) -> None:
    np.testing.assert_allclose(one, other, atol=part * np.abs(other).max())


def _processor(loaded: Loaded, **parts: Any) -> Any:
    """The library's processor, which cannot be made where torchaudio is not installed."""
    from transformers import HiggsAudioV2Processor

    model = family(loaded)
    processor: Any = object.__new__(HiggsAudioV2Processor)
    vars(processor).update(
        tokenizer=model._tokenizer,
        audio_tokenizer=model._codec._model,
        audio_stream_bos_id=1024,
        audio_stream_eos_id=1025,
        **parts,
    )
    return processor


def _library_says(loaded: Loaded, turns: list[dict[str, Any]], frames: int) -> tuple[Any, Any]:
    """The codes and the sound of the library's own loop."""
    model, processor = family(loaded), _processor(loaded)
    tokenizer = model._tokenizer
    tokens = tokenizer(
        tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False),
        add_special_tokens=False, return_tensors="pt",
    )  # fmt: skip
    with torch.no_grad():
        # It would choose by chance what is repeated.
        said = model._model.generate(**tokens, do_sample=False, max_new_tokens=frames + 8, ras_win_max_num_repeat=99)
        return processor.revert_delay_pattern(said[0, 1:]), processor.batch_decode(said)[0]


def test_what_is_streamed_is_what_the_library_says_at_once(loaded: Loaded) -> None:
    chunks = list(loaded.engine.stream(ask(parameters=GREEDY)))
    codes, sound = _library_says(loaded, conversation(HELLO, []), FRAMES)
    assert codes.shape == (FRAMES, 8) and int(codes.max()) < 1024
    assert len(set(codes.flatten().tolist())) > 20
    assert len(chunks) > 1
    streamed = np.concatenate([chunk.samples for chunk in chunks])
    assert streamed.size == FRAMES * SAMPLES
    close(streamed, sound.numpy())


def test_the_prompt_with_a_recording_is_that_of_the_library(loaded: Loaded, tmp_path: Path) -> None:
    from transformers import DacFeatureExtractor

    model = family(loaded)
    reference = recording(tmp_path, "somebody", 300)
    with torch.no_grad():
        tokens, steps = model._prompt(HELLO, ask(references=(reference,)), "A room.")
    tokenizer = model._tokenizer
    processor = _processor(
        loaded,
        audio_token=AUDIO,
        audio_delay_token=tiny_higgs.MARKS[-1],
        feature_extractor=DacFeatureExtractor(sampling_rate=24_000, hop_length=1),
        chat_template=tiny_higgs.TEMPLATE,
    )
    with wave.open(reference.path) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    turns = [
        {"role": "system", "content": [{"type": "text", "text": "Generate audio following instruction."}]},
        {"role": "scene", "content": [{"type": "text", "text": "A room."}]},
        {"role": "user", "content": [{"type": "text", "text": "hello there."}]},
        {"role": "assistant", "content": [{"type": "audio"}]},
        {"role": "user", "content": [{"type": "text", "text": HELLO}]},
    ]
    written = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    with torch.no_grad():
        wanted = processor(text=written, audio=[heard], return_tensors="pt", add_special_tokens=False)
    # Ours has the first step, which is always the same, too.
    assert tokens[0, :-1].tolist() == wanted["input_ids"][0].tolist()
    assert steps[:-1].tolist() == wanted["audio_input_ids"][0].tolist()
    assert steps[-1].tolist() == [1024] * 8


def test_speaks_in_chunks_at_the_rate_that_its_voices_declare(loaded: Loaded) -> None:
    voices = loaded.engine.voices(loaded.spec)
    assert [voice.name for voice in voices] == ["default", "female", "male"]
    assert {voice.rate for voice in voices} == {24_000}
    frames = 40
    chunks = list(loaded.engine.stream(ask(parameters={"max_frames": frames})))
    assert {chunk.rate for chunk in chunks} == {24_000} and len(chunks) > 2
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert samples.size == frames * SAMPLES and np.isfinite(samples).all() and samples.std() > 1e-3


def test_a_seed_decides_and_voices_differ(loaded: Loaded) -> None:
    one = loaded.say(ask())
    close(loaded.say(ask()), one)
    others = [loaded.say(ask(seed=6)), loaded.say(ask(voice="male")), loaded.say(ask(voice="female"))]
    others.append(loaded.say(ask(parameters={"max_frames": FRAMES, "scene": "In a large hall."})))
    for other in others:
        assert not np.allclose(other, one, atol=1e-3 * np.abs(one).max())


def test_a_recording_changes_the_voice_and_is_encoded_once(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    codec = family(loaded)._codec
    real = codec.encode

    def counting(rate: int, samples: Any) -> Any:
        encoded.append(rate)
        return real(rate, samples)

    monkeypatch.setattr(codec, "encode", counting)
    said = [loaded.say(ask())]
    for reference in (recording(tmp_path, "low", 120), recording(tmp_path, "high", 900, rate=16_000)):
        one, other = (loaded.say(ask(LONG, voice="", references=(reference,))) for _ in range(2))
        close(other, one)
        said.append(one[: FRAMES * SAMPLES])
    assert encoded == [24_000, 16_000]
    assert not np.allclose(said[0], said[1], atol=1e-3) and not np.allclose(said[1], said[2], atol=1e-3)
    able = HiggsEngine.capabilities_of(loaded.spec)
    assert able.cloning and able.needs_transcript and able.dialogue
    loaded.engine.forget(["low"])
    loaded.say(ask(voice="", references=(recording(tmp_path, "low", 120),)))
    assert len(encoded) == 3


def test_a_recording_of_nothing_is_refused(loaded: Loaded, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="too short") as raised:
        loaded.say(ask(voice="", references=(recording(tmp_path, "blip", 300, seconds=0.1),)))
    assert raised.value.code == "bad_parameter"


def test_listening_to_a_recording_can_be_cancelled(loaded: Loaded, tmp_path: Path) -> None:
    model, before, flag = family(loaded)._codec._model, loaded.say(ask()), CancelFlag()
    heard: list[str] = []
    handles = [
        model.semantic_model.encoder.layers[0].register_forward_hook(lambda *_: flag.set()),
        model.acoustic_encoder.block[0].register_forward_hook(lambda *_: heard.append("more")),
    ]
    reference = recording(tmp_path, "long", 200, seconds=3)
    try:
        with pytest.raises(Cancelled):
            loaded.say(ask(voice="", references=(reference,), cancel=flag))
    finally:
        for handle in handles:
            handle.remove()
    assert not heard
    close(loaded.say(ask()), before)


def test_after_a_rest_it_speaks_as_before(loaded: Loaded) -> None:
    before = loaded.say(ask())
    family(loaded).rest()
    close(loaded.say(ask()), before)


def _prompts(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model is told from now on, in words."""
    told: list[str] = []
    model = family(loaded)
    real = model._prompt

    def noting(*arguments: Any) -> Any:
        tokens, steps = real(*arguments)
        told.append(model._tokenizer.decode(tokens[0]))
        return tokens, steps

    monkeypatch.setattr(model, "_prompt", noting)
    return told


def test_without_a_recording_all_pieces_go_on_from_the_first(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _prompts(loaded, monkeypatch)
    for _ in range(2):
        told.clear()
        loaded.say(ask(LONG))
        # Twelve frames with a beginning and an end; the last is the step that all begin with.
        assert [prompt.count("<|AUDIO_OUT|>") for prompt in told] == [1, FRAMES + 3]


def test_the_speaker_of_a_piece_is_that_of_the_piece_before(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _prompts(loaded, monkeypatch)
    loaded.say(ask(f"[SPEAKER1] {LONG}"))
    assert all("S P E A K E R 1 :   m a s c u l i n e" in prompt or "SPEAKER1: masculine" in prompt for prompt in told)
    assert told[1].replace(" ", "").rpartition("user<|end_header_id|>")[2].strip().startswith("[SPEAKER1]")


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    spec = ModelSpec("higgs", "higgs", (str(copy),))
    assert HiggsEngine.problem(spec) is None
    aside = tmp_path / "aside"
    for name, told in {
        "audio_tokenizer": "bosonai/higgs-audio-v2-tokenizer",
        "audio_tokenizer/model.safetensors": "model.safetensors",
        "tokenizer.json": "tokenizer.json",
        "chat_template.jinja": "chat_template.jinja",
    }.items():
        (copy / name).rename(aside)
        assert told in str(HiggsEngine.problem(spec))
        with pytest.raises(EngineError) as raised:
            HiggsEngine().load(spec, "cpu")
        assert raised.value.code == "model_missing"
        aside.rename(copy / name)
    (copy / "tokenizer.json").write_text('{"model": 1}')
    with pytest.raises(EngineError, match="tokenizer") as raised:
        HiggsEngine().load(spec, "cpu")
    assert raised.value.code == "model_missing"


def test_a_codec_that_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("audio_tokenizer"))
    tiny_higgs.higgs_codec(copy / "codec", codebook_size=512)
    with pytest.raises(EngineError, match="fewer codes"):
        HiggsEngine().load(ModelSpec("higgs", "higgs", (str(copy),)), "cpu")
