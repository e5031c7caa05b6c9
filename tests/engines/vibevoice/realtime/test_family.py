"""VibeVoice Realtime as a family of an engine: found, loaded, heard frame by frame, and clear about what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice_realtime as tiny
import torch

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Samples
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.vibevoice import VibeVoiceEngine
from wyoming_openspeakers.engines.vibevoice.realtime import A_WORD, AT_LEAST, RealtimeFamily

pytestmark = pytest.mark.slow

FRAME = 3200
VOICE = "en-Carter_man"
TEXT = "Good morning, all of you."
SHORT = {"max_frames": 8}


def loaded(folder: Path, voice: str | None = None) -> VibeVoiceEngine:
    engine = VibeVoiceEngine()
    engine.load(ModelSpec("realtime", "", (str(folder),), voice, threads=1), "cpu")
    return engine


def say(
    engine: VibeVoiceEngine, text: str = TEXT, voice: str = VOICE, seed: int | None = 1, **settings: float
) -> Samples:
    request = EngineRequest(text, voice, seed=seed, parameters={**SHORT, **settings})
    return np.concatenate([audio.samples for audio in engine.stream(request)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.realtime(tmp_path_factory.mktemp("realtime"))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[VibeVoiceEngine]:
    engine = loaded(folder)
    yield engine
    engine.unload()


def test_a_frame_is_heard_as_soon_as_it_is_made(engine: VibeVoiceEngine) -> None:
    request = EngineRequest(TEXT, VOICE, seed=1, parameters=SHORT)
    chunks = list(engine.stream(request))
    assert [(chunk.samples.shape, chunk.rate) for chunk in chunks] == [((FRAME,), 24_000)] * 8


def test_what_comes_first_does_not_depend_on_how_much_follows(engine: VibeVoiceEngine) -> None:
    short, long = say(engine), say(engine, max_frames=20)
    assert (short.size, long.size) == (8 * FRAME, 20 * FRAME)
    np.testing.assert_allclose(long[: short.size], short, atol=1e-5)


def test_a_seed_sounds_the_same_and_another_does_not(engine: VibeVoiceEngine) -> None:
    torch.manual_seed(5)
    one = say(engine)
    torch.manual_seed(6)
    np.testing.assert_array_equal(say(engine), one)
    assert np.abs(say(engine, seed=2) - one).max() > 0.01
    assert not np.array_equal(say(engine, seed=None), say(engine, seed=None))


def test_text_voice_guidance_and_steps_are_heard(engine: VibeVoiceEngine) -> None:
    one = say(engine)
    others = [
        say(engine, "Quite another text."), say(engine, voice="en-Emma_woman"), say(engine, guidance_scale=3),
        say(engine, num_diffusion_steps=9),
    ]  # fmt: skip
    assert all(np.abs(other - one).max() > 1e-3 for other in others)


def test_quotation_marks_of_the_printer_are_those_of_the_typewriter(engine: VibeVoiceEngine) -> None:
    np.testing.assert_array_equal(say(engine, "it’s “so”"), say(engine, "it's \"so\""))


def test_it_stops_when_the_model_says_so(tmp_path: Path) -> None:
    engine = loaded(tiny.realtime(tmp_path, voices=[VOICE], ends=10.0))
    assert say(engine).size == FRAME
    engine.unload()


def test_it_stops_when_the_text_cannot_take_so_long(engine: VibeVoiceEngine) -> None:
    assert say(engine, "no", max_frames=400).size == (AT_LEAST + A_WORD * len("no\n")) * FRAME


def test_a_long_text_is_said_in_pieces_with_the_same_voice(engine: VibeVoiceEngine) -> None:
    text = "the cat and the dog went home, and slept. " * 20
    said = say(engine, text, max_frames=3)
    assert said.size == 2 * 3 * FRAME


def test_it_stops_when_nobody_listens(engine: VibeVoiceEngine) -> None:
    request = EngineRequest(TEXT, VOICE, seed=1, parameters={"max_frames": 4000})
    chunks = engine.stream(request)
    next(chunks)
    request.cancel.set()
    with pytest.raises(Cancelled):
        for _ in chunks:
            pass
    assert say(engine).size == 8 * FRAME


def test_parked_weights_speak_as_before(engine: VibeVoiceEngine) -> None:
    one = say(engine)
    assert engine._weights is not None
    engine._weights.park()
    engine._weights.unpark()
    np.testing.assert_array_equal(say(engine), one)


def test_all_weights_are_in_a_stage(engine: VibeVoiceEngine) -> None:
    assert isinstance(engine._model, RealtimeFamily)
    parts = engine._model._parts
    staged = {id(weight) for stage in parts.stages for weight in (*stage.parameters(), *stage.buffers())}
    whole = [parts.text, parts.speech, parts.kinds, parts.head, parts.connector, parts.decoder, parts.end]
    assert staged == {id(weight) for module in whole for weight in (*module.parameters(), *module.buffers())}


def test_voices_and_languages_are_those_of_the_files(folder: Path) -> None:
    spec = ModelSpec("realtime", "", (str(folder),))
    assert [(voice.name, voice.languages) for voice in VibeVoiceEngine.voices(spec)] == [
        ("en-Carter_man", ("en",)), ("en-Emma_woman", ("en",)), ("jp-Spk1_woman", ("ja",)),
    ]  # fmt: skip
    assert [voice.name for voice in VibeVoiceEngine.voices(ModelSpec("", "", (str(folder),), languages=("ja",)))] == [
        "jp-Spk1_woman"
    ]
    able = VibeVoiceEngine.capabilities_of(spec)
    assert set(able.parameters) == {"guidance_scale", "num_diffusion_steps", "max_frames"}
    assert not able.cloning and not able.dialogue


def test_words_and_voices_may_be_in_a_folder_of_their_own(tmp_path: Path, folder: Path) -> None:
    model, own = tiny.realtime(tmp_path / "model", voices=[]), tmp_path / "own"
    (own / "tokenizer").mkdir(parents=True)
    (model / "tokenizer.json").rename(own / "tokenizer" / "tokenizer.json")
    (own / "voices").mkdir()
    tiny.voice(own / "voices" / "en-Mike_man.pt")
    engine = VibeVoiceEngine()
    engine.load(ModelSpec("realtime", "", (str(own), str(model)), threads=1, cache_path=str(tmp_path / "cache")), "cpu")
    assert say(engine, voice="en-Mike_man").size == 8 * FRAME
    assert list((tmp_path / "cache").glob("en-Mike_man.*.safetensors"))
    engine.unload()


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("tokenizer.json", "tokenizer.json is missing: put the one of Qwen/Qwen2.5-0.5B into"),
        ("voices", "There is no voice in"),
        ("model.safetensors", "The weights are missing in"),
        ("config.json", "There is no model (config.json)"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_loaded(tmp_path: Path, missing: str, told: str) -> None:
    folder = tiny.realtime(tmp_path / "model", voices=[VOICE])
    (folder / missing).rename(tmp_path / "aside")
    spec = ModelSpec("realtime", "", (str(folder),))
    assert told in (VibeVoiceEngine.problem(spec) or "") and str(folder) in (VibeVoiceEngine.problem(spec) or "")
    with pytest.raises(EngineError, match=r"missing|no voice|no model"):
        VibeVoiceEngine().load(spec, "cpu")


def test_words_that_are_damaged_are_told_of(tmp_path: Path) -> None:
    folder = tiny.realtime(tmp_path, voices=[VOICE])
    (folder / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(EngineError, match=r"tokenizer\.json is damaged"):
        loaded(folder)


def test_a_default_voice_that_is_no_voice_is_told_of_at_once(tmp_path: Path) -> None:
    folder = tiny.realtime(tmp_path, voices=[VOICE, "en-Emma_woman"])
    (folder / "voices" / "en-Emma_woman.pt").write_bytes(b"nothing")
    loaded(folder, voice=VOICE).unload()
    with pytest.raises(EngineError, match=r"en-Emma_woman\.pt is damaged, or not one"):
        loaded(folder, voice="en-Emma_woman")


def test_a_voice_that_is_gone_is_told_of(tmp_path: Path) -> None:
    folder = tiny.realtime(tmp_path, voices=[VOICE, "en-Emma_woman"])
    engine = loaded(folder, voice=VOICE)
    (folder / "voices" / "en-Emma_woman.pt").unlink()
    with pytest.raises(EngineError, match=r"en-Emma_woman\.pt cannot be read") as caught:
        say(engine, voice="en-Emma_woman")
    assert caught.value.code == "unknown_voice"
    engine.unload()


def test_memory_that_it_can_do_without_is_given_back(engine: VibeVoiceEngine) -> None:
    assert isinstance(engine._model, RealtimeFamily)
    one = say(engine)
    engine._model.rest()
    assert engine._model._talk is None
    np.testing.assert_array_equal(say(engine), one)
