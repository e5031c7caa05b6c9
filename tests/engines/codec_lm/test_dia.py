"""Dia says what the library's own loop says, in turns, and goes on in the voices that were heard before."""

from __future__ import annotations

import warnings
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_dia
import torch
from assets import Loaded, load

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine, dia, dia_steps
from wyoming_openspeakers.engines.codec_lm.dia import DiaFamily
from wyoming_openspeakers.engines.codec_lm.dia_choice import DiaChoice
from wyoming_openspeakers.engines.codec_lm.dia_decoder import DiaDecoder
from wyoming_openspeakers.engines.codec_lm.dia_recording import resampled
from wyoming_openspeakers.engines.torch.family import to_samples
from wyoming_openspeakers.engines.torch.graphs import Graphs
from wyoming_openspeakers.engines.torch.sampling import generator_of

pytestmark = pytest.mark.slow

END, PAD, BEGIN = 1024, 1025, 1026
HELLO = "[S1] Good morning. [S2] Good morning to you."
LONG = "Good day to all of you, and to the cat. " * 5
SURE = {"top_k": 1}
"""Of the likeliest code one is the likeliest: what is said is no matter of chance."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tiny_dia.dia(tmp_path_factory.mktemp("dia"))
    loaded = load(ModelSpec("dia", "codec_lm", (str(folder),), "default", threads=1))
    yield loaded
    loaded.engine.unload()


def family(loaded: Loaded) -> DiaFamily:
    assert isinstance(loaded.engine, CodecLmEngine) and isinstance(loaded.engine._model, DiaFamily)
    return loaded.engine._model


def ask(text: str = HELLO, frames: int = 20, *references: Reference, **parameters: Any) -> EngineRequest:
    voice = "" if references else "default"
    most = {"max_frames": frames, **parameters}
    return EngineRequest(text, voice, seed=5, references=references, parameters=most)


def recording(folder: Path, name: str, seconds: float = 0.5, pitch: float = 300, words: str = "hello") -> Reference:
    """At the rate at which the service keeps recordings."""
    path = folder / f"{name}.wav"
    tone = np.sin(np.arange(round(24_000 * seconds)) * pitch * 2 * np.pi / 24_000) * 0.3
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return Reference(str(path), f"{name} {seconds} {pitch}", words)


def processor(loaded: Loaded) -> Any:
    from transformers import DiaFeatureExtractor, DiaProcessor, DiaTokenizer

    extractor = DiaFeatureExtractor(sampling_rate=44_100, hop_length=512)
    return DiaProcessor(extractor, DiaTokenizer(), family(loaded)._codec.module)


def by_library(loaded: Loaded, text: str, frames: int, audio: Any = None, **options: Any) -> Any:
    """What the library's own loop and its own way back from the delays make of a text."""
    processes, model = processor(loaded), family(loaded)._model
    with warnings.catch_warnings():
        # Of its tokenizer's own settings.
        warnings.simplefilter("ignore", UserWarning)
        inputs = processes(text=text, audio=audio, sampling_rate=44_100)
    before = 1 if audio is None else processes.get_audio_prompt_len(inputs["decoder_attention_mask"])
    torch.set_num_threads(1)
    with torch.no_grad():
        said = model.generate(
            **inputs, guidance_scale=3.0, max_new_tokens=frames + 16, bos_token_id=BEGIN, eos_token_id=END,
            pad_token_id=PAD, **{"do_sample": False, **SURE, **options},
        )  # fmt: skip
        return to_samples(processes.batch_decode(said, audio_prompt_len=before)[0])


def test_it_says_what_the_library_says(loaded: Loaded) -> None:
    theirs = by_library(loaded, HELLO, 40)
    ours = loaded.say(ask(HELLO, 40, **SURE))
    assert ours.shape == theirs.shape == (40 * 512,) and theirs.std() > 0.01
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("captures", [False, True], ids=["plain", "graphs"])
def test_by_the_same_chance_it_says_what_the_library_says(
    loaded: Loaded, captures: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own loop draws as often as ours, and of what it has ruled out nothing."""
    if captures:
        # As on a device that has graphs, only that the work is done again by itself.
        model = family(loaded)
        decoder = DiaDecoder(model._model.model.decoder, model.device, graphs=Graphs(lambda work: work))
        monkeypatch.setattr(model, "_decoder", decoder)
    generator = generator_of(torch.device("cpu"), 5)

    def draw(likely: Any, num_samples: int) -> Any:
        noise = torch.empty_like(likely).exponential_(generator=generator)
        return (likely / noise).argmax(dim=-1, keepdim=True)

    with monkeypatch.context() as patched:
        patched.setattr(torch, "multinomial", draw)
        theirs = by_library(loaded, HELLO, 40, do_sample=True, temperature=1.8, top_p=0.9, top_k=45)
    ours = loaded.say(ask(HELLO, 40))
    assert ours.shape == theirs.shape == (40 * 512,)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert not np.allclose(ours, loaded.say(ask(HELLO, 40, **SURE)), atol=0.01)


def test_it_goes_on_from_a_recording_as_the_library_does(loaded: Loaded, tmp_path: Path) -> None:
    voice = recording(tmp_path, "tone", words="[S1] Hello there.")
    with wave.open(voice.path, "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(32768)
    audio = resampled(samples.astype(np.float32), 24_000, 44_100)
    theirs = by_library(loaded, "[S1] Hello there. [S2] And you?", 40, audio)
    ours = loaded.say(ask("[S2] And you?", 40, voice, **SURE))
    assert ours.shape == theirs.shape == (40 * 512,)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_without_guidance_only_the_text_is_looked_at(loaded: Loaded) -> None:
    rows: list[int] = []
    hook = family(loaded)._model.logits_dense.register_forward_hook(lambda *_: rows.append(len(_[1][0])))
    loaded.say(ask(guidance=1.0))
    loaded.say(ask(guidance=2.0))
    hook.remove()
    assert set(rows[: len(rows) // 2]) == {1} and set(rows[len(rows) // 2 :]) == {2}


def test_an_end_by_itself_ends_it_there(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    real = DiaChoice.__call__
    steps: list[int] = []

    def ends(choice: DiaChoice, scores: torch.Tensor) -> torch.Tensor:
        chosen = real(choice, scores)
        steps.append(1)
        if len(steps) == 8:
            chosen[0] = END
        return chosen

    monkeypatch.setattr(DiaChoice, "__call__", ends)
    said = loaded.say(ask(frames=60))
    # The eighth step is the end: seven frames, and no step more than the last of their codes needs.
    assert said.size == 7 * 512 and len(steps) == 7 + 15


def heard(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, int]]:
    """What the model reads and how many frames it goes on from, for each piece of what is said after this."""
    told: list[tuple[bytes, int]] = []
    real = dia_steps.speak

    def noting(model: Any, decoder: Any, text: list[int], before: torch.Tensor, *rest: Any) -> None:
        told.append((bytes(text), len(before)))
        real(model, decoder, text, before, *rest)

    monkeypatch.setattr(dia, "speak", noting)
    return told


def test_without_a_recording_all_pieces_go_on_from_the_first(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    told = heard(loaded, monkeypatch)
    for _ in range(2):
        told.clear()
        loaded.say(ask(LONG, 6))
        (first, none), (second, some) = told
        assert first.startswith(b"\x01 Good day") and none == 0
        # The next request begins anew.
        assert second.startswith(first) and b"\x01" not in second[1:] and some == 6


def test_who_speaks_last_speaks_on_in_the_next_piece(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    told = heard(loaded, monkeypatch)
    loaded.say(ask("[S1] Hello. [S2] " + LONG, 4))
    # The first piece ends with the second speaker, and the next has no tag: it is joined to the first without one.
    assert [text.count(b"\x02") for text, _ in told] == [1, 1]
    loaded.say(ask("Hello.", 4))
    assert told[-1][0] == b"\x01 Hello."


def test_a_recording_is_a_beginning_and_is_encoded_once(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = heard(loaded, monkeypatch)
    encoded: list[int] = []
    codec = family(loaded)._codec
    real = codec.encode

    def counting(*arguments: Any) -> Any:
        encoded.append(1)
        return real(*arguments)

    monkeypatch.setattr(codec, "encode", counting)
    low, high = recording(tmp_path, "low", pitch=120), recording(tmp_path, "high", pitch=900)
    own, one, other = loaded.say(ask()), loaded.say(ask(HELLO, 20, low)), loaded.say(ask(HELLO, 20, high))
    # Half a second is 44 frames.
    assert told[-1] == (b"\x01 hello Good morning. \x02 Good morning to you.", 44)
    assert not np.array_equal(one, own) and not np.array_equal(one, other)
    np.testing.assert_allclose(loaded.say(ask(HELLO, 20, low)), one, atol=1e-4)
    assert len(encoded) == 2
    loaded.say(ask(HELLO, 20, low, high))
    assert told[-1] == (b"\x01 hello hello Good morning. \x02 Good morning to you.", 88)
    loaded.engine.forget([low.digest])
    loaded.say(ask(HELLO, 20, low))
    assert len(encoded) == 3


def test_a_recording_that_is_too_long_is_left_out_or_refused(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = heard(loaded, monkeypatch)
    long, short = recording(tmp_path, "long", 21.0), recording(tmp_path, "short")
    with pytest.raises(EngineError, match="21 seconds") as caught:
        loaded.say(ask(HELLO, 4, long))
    assert caught.value.code == "bad_parameter" and not told
    loaded.say(ask(HELLO, 4, long, short))
    assert told[-1][1] == 44


def test_a_recording_needs_its_words_and_not_too_many(loaded: Loaded, tmp_path: Path) -> None:
    for words, said in (("", "transcript"), ("many words " * 100, "1024")):
        with pytest.raises(EngineError, match=said) as caught:
            loaded.say(ask(HELLO, 4, recording(tmp_path, "words" + words[:1], words=words)))
        assert caught.value.code == "bad_parameter"
    with pytest.raises(EngineError, match="missing or damaged"):
        loaded.say(ask(HELLO, 4, Reference(str(tmp_path / "gone.wav"), "gone", "hello")))


def test_it_never_goes_beyond_what_it_knows(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most that can be asked for, after a recording of two seconds, from a model that knows less than four."""
    room = 300
    monkeypatch.setattr(family(loaded)._model.config.decoder_config, "max_position_embeddings", room)
    known: list[int] = []
    steps: list[int] = []
    decoder, gate = family(loaded)._model.model.decoder, family(loaded)._decoder.gate
    hooks = [
        decoder.register_forward_pre_hook(
            lambda _, __, given: known.append(given["input_ids"].shape[1]), with_kwargs=True
        ),
        # It has one layer.
        gate.register_forward_pre_hook(lambda *_: steps.append(1)),
    ]
    said = loaded.say(ask("Hi.", 3056, recording(tmp_path, "two", 2.0)))
    for hook in hooks:
        hook.remove()
    assert known == [1 + 173] and 174 + len(steps) == room - 1
    assert said.size == (room - 173 - 16) * 512


def test_tags_alone_are_nothing_to_say(loaded: Loaded) -> None:
    assert loaded.say(ask("[S1] [S2]")).size == 0


def test_says_what_it_can_and_what_is_missing(loaded: Loaded, tmp_path: Path) -> None:
    can = CodecLmEngine.capabilities_of(loaded.spec)
    assert can.dialogue and can.cloning and can.needs_transcript and can.streaming
    assert {name: schema.get("default") for name, schema in can.parameters.items()} == {
        "temperature": 1.8, "guidance": 3.0, "top_k": 45, "top_p": 0.9, "max_frames": 1720,
    }  # fmt: skip
    assert DiaFamily.speaker_tags == ("[S1]", "[S2]") and "(clears throat)" in DiaFamily.tags
    (voice,) = CodecLmEngine.voices(loaded.spec)
    assert voice.rate == 44_100 and "seed" in voice.description

    def problem() -> str:
        return CodecLmEngine.problem(ModelSpec("d", "codec_lm", (str(tmp_path),))) or ""

    (tmp_path / "config.json").write_text('{"model_type": "dia"}')
    (tmp_path / "model.safetensors").touch()
    assert "descript/dac_44khz" in problem() and str(tmp_path / "dac") in problem()
    tiny_dia.dac(tmp_path / "dac", n_codebooks=4)
    assert "not the one" in problem()
    tiny_dia.dac(tmp_path / "dac")
    assert problem() == ""
    (tmp_path / "dac" / "model.safetensors").unlink()
    assert "weights are missing" in problem() and str(tmp_path / "dac") in problem()
