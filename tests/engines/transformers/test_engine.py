from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
from assets import Loaded, load
from ended import stopped_after

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.control import CancelFlag, Cancelled
from wyoming_openspeakers.engines.torch.folder import find_folder
from wyoming_openspeakers.engines.torch.weights import TorchWeights
from wyoming_openspeakers.engines.transformers import TransformersEngine
from wyoming_openspeakers.worker.memory import give_back

pytestmark = pytest.mark.slow

VOICES = {
    "vits": "default",
    "vits_speakers": "default",
    "vits_plain": "default",
    "speecht5": "speaker0",
    "fastspeech2": "default",
    "fastspeech2_apart": "default",
    "bark": "v2/en_speaker_6",
    "seamless": "default",
    "seamless_second": "default",
}
RATES = {"fastspeech2": 22_050, "fastspeech2_apart": 22_050, "bark": 24_000}
SEAMLESS = ("seamless", "seamless_second")
HELLO = "Good morning."
LONG = "the living room is at twenty one degrees, and the window has been open for more than three hours now. " * 4

MAKERS: dict[str, Any] = {
    "vits": tiny_models.vits,
    "vits_speakers": lambda folder: tiny_models.vits(folder, speakers=3),
    "vits_plain": lambda folder: tiny_models.vits(folder, stochastic=False),
    "speecht5": tiny_models.speecht5,
    "fastspeech2": tiny_models.fastspeech2,
    "fastspeech2_apart": lambda folder: tiny_models.fastspeech2(folder, apart=True),
    "bark": tiny_models.bark,
    "seamless": tiny_models.seamless,
    "seamless_second": lambda folder: tiny_models.seamless(folder, second=True),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Loaded]]:
    """Each family's model, loaded."""
    pytest.importorskip("sentencepiece", reason="SpeechT5 needs sentencepiece: pip install sentencepiece")
    stubs = tmp_path_factory.mktemp("stubs")
    # The real one downloads dictionaries when it is imported.
    (stubs / "g2p_en.py").write_text("class G2p:\n    def __call__(self, text):\n        return list(text)\n")
    sys.path.insert(0, str(stubs))
    importlib.invalidate_caches()
    # Whoever asked before the stub was there was told that there is none, for good.
    importlib.import_module("transformers.utils.import_utils").is_g2p_en_available.cache_clear()
    loaded = {}
    for name, voice in VOICES.items():
        folder = MAKERS[name](tmp_path_factory.mktemp(name))
        loaded[name] = load(ModelSpec(name, "transformers", (str(folder),), voice))
    sys.path.remove(str(stubs))
    yield loaded
    for one in loaded.values():
        one.engine.unload()


def engine_of(loaded: Loaded) -> TransformersEngine:
    assert isinstance(loaded.engine, TransformersEngine)
    return loaded.engine


@pytest.mark.parametrize("name", VOICES)
def test_each_family_speaks_at_the_rate_that_its_voice_declares(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    (voice, *_) = loaded.engine.voices(loaded.spec)
    assert voice.name == loaded.voice and voice.rate == RATES.get(name, 16_000)
    chunks = list(loaded.engine.stream(EngineRequest(HELLO, loaded.voice)))
    assert [chunk.rate for chunk in chunks] == [voice.rate]
    samples = chunks[0].samples
    assert samples.dtype == np.float32 and samples.ndim == 1 and np.isfinite(samples).all()
    assert 0.2 < samples.size / voice.rate < 10
    assert float(samples.std()) > 1e-3


def test_nothing_is_claimed_that_has_not_spoken_here(models: dict[str, Loaded]) -> None:
    folders = [find_folder(loaded.spec) for loaded in models.values()]
    assert {folder.kind for folder in folders if folder} == TransformersEngine.kinds()


@pytest.mark.parametrize("name", VOICES)
def test_the_same_seed_sounds_the_same(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    request = EngineRequest(HELLO, loaded.voice, seed=7)
    assert np.array_equal(loaded.say(request), loaded.say(request))


@pytest.mark.parametrize("name", ["vits", "bark"])
def test_without_a_seed_it_is_never_the_same(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    one, other = (loaded.say(EngineRequest(HELLO, loaded.voice)) for _ in range(2))
    assert one.shape != other.shape or not np.allclose(one, other)


@pytest.mark.parametrize("name", ["vits", "vits_plain", "fastspeech2", *SEAMLESS])
def test_speed_changes_the_length(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    slow, plain, fast = (
        loaded.say(EngineRequest(HELLO, loaded.voice, speed=speed, seed=1)).size for speed in (0.5, 1.0, 2.0)
    )
    assert slow > 1.5 * plain > 2.2 * fast
    assert loaded.say(EngineRequest(HELLO, loaded.voice, seed=1)).size == plain


def test_noise_is_a_parameter_of_the_request_or_of_the_model(models: dict[str, Loaded]) -> None:
    loaded = models["vits"]
    still = {"noise_scale": 0.0, "noise_scale_duration": 0.0}
    one, other = (loaded.say(EngineRequest(HELLO, "default", parameters=still)) for _ in range(2))
    assert np.array_equal(one, other)
    by_default = load(ModelSpec("quiet", "transformers", loaded.spec.paths, "default", parameters=still))
    assert np.array_equal(by_default.say(EngineRequest(HELLO, "default")), one)
    assert not np.array_equal(loaded.say(EngineRequest(HELLO, "default")), one)


def test_a_model_of_several_speakers_has_them_all(models: dict[str, Loaded]) -> None:
    loaded = models["vits_speakers"]
    (voice,) = loaded.engine.voices(loaded.spec)
    assert voice.speakers == ("0", "1", "2")
    said = [loaded.say(EngineRequest(HELLO, "default", speaker=speaker, seed=1)) for speaker in (None, "0", "1", "2")]
    assert np.array_equal(said[0], said[1])
    assert len({samples.tobytes() for samples in said[1:]}) == 3
    for speaker in ("3", "-1", "heart"):
        with pytest.raises(EngineError, match="0 to 2") as caught:
            loaded.say(EngineRequest(HELLO, "default", speaker=speaker))
        assert caught.value.code == "unknown_voice"


def test_speaker_embeddings_and_presets_are_voices(models: dict[str, Loaded]) -> None:
    for name, voices in (("speecht5", ["speaker0", "speaker1"]), ("bark", ["v2/en_speaker_6", "random"])):
        loaded = models[name]
        assert [voice.name for voice in loaded.engine.voices(loaded.spec)] == voices
        one, other = (loaded.say(EngineRequest(HELLO, voice, seed=1)) for voice in voices)
        assert one.shape != other.shape or not np.allclose(one, other)


@pytest.mark.parametrize("name", VOICES)
@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "–"])
def test_says_nothing_where_there_is_nothing_to_say(models: dict[str, Loaded], name: str, text: str) -> None:
    assert models[name].say(EngineRequest(text, models[name].voice)).size == 0


def test_letters_that_the_model_does_not_know_are_nothing_to_say(models: dict[str, Loaded]) -> None:
    assert models["vits"].say(EngineRequest("доброе утро", "default")).size == 0


@pytest.mark.parametrize("name", VOICES)
def test_names_an_unknown_voice(models: dict[str, Loaded], name: str) -> None:
    with pytest.raises(EngineError, match="af_nobody") as caught:
        models[name].say(EngineRequest(HELLO, "af_nobody"))
    assert caught.value.code == "unknown_voice"


@pytest.mark.parametrize("name", ["vits", pytest.param("speecht5", marks=pytest.mark.slow)])
def test_a_long_text_is_spoken_in_pieces(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    chunks = list(loaded.engine.stream(EngineRequest(LONG * 2, loaded.voice, speed=4.0)))
    assert len(chunks) >= 2 and all(chunk.samples.size > 4_000 for chunk in chunks)


@pytest.mark.parametrize("name", ["vits", "speecht5", "bark", *SEAMLESS])
def test_stops_inside_a_run_when_cancelled(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    waits = [stopped_after(loaded.engine, EngineRequest(LONG * 3, loaded.voice, speed=0.5)) for _ in range(3)]
    # The best: a machine that others use, too, may stop any thread for as long.
    assert min(waits) < 0.2, waits
    assert loaded.say(EngineRequest(HELLO, loaded.voice)).size > 0


def test_does_not_start_when_cancelled_before(models: dict[str, Loaded]) -> None:
    cancel = CancelFlag()
    cancel.set()
    with pytest.raises(Cancelled):
        models["vits"].say(EngineRequest(HELLO, "default", cancel=cancel))


@pytest.mark.parametrize("name", VOICES)
def test_says_the_same_after_parking(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    request = EngineRequest(HELLO, loaded.voice, seed=5)
    said = loaded.say(request)
    weights = engine_of(loaded)._weights
    assert isinstance(weights, TorchWeights)
    for _ in range(2):
        weights.park()
        weights.unpark()
        assert np.array_equal(loaded.say(request), said)


def test_on_the_processor_parking_moves_nothing(models: dict[str, Loaded]) -> None:
    engine = engine_of(models["vits"])
    engine.park()
    assert engine._weights is not None and not engine._weights.is_parked
    engine.unpark()
    assert models["vits"].say(EngineRequest(HELLO, "default")).size > 0


def test_runs_on_one_core_beside_others(models: dict[str, Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    request = EngineRequest(HELLO, "default")
    models["vits"].say(request)
    request.share.is_whole = False
    models["vits"].say(request)
    assert asked == [engine_of(models["vits"])._threads, 1]


def test_needs_to_be_loaded() -> None:
    with pytest.raises(EngineError, match="not loaded"):
        list(TransformersEngine().stream(EngineRequest(HELLO, "default")))


@pytest.mark.parametrize("device", ["cuda", "mps", "abacus"])
def test_refuses_a_device_that_is_not_there(models: dict[str, Loaded], device: str) -> None:
    import torch

    if torch.cuda.is_available() and device == "cuda":
        pytest.skip("this machine has one")
    with pytest.raises(EngineError, match=device) as caught:
        TransformersEngine().load(models["vits"].spec, device)
    assert caught.value.code == "bad_parameter"


def test_unloading_gives_all_memory_back(tmp_path: Path) -> None:
    folder = tiny_models.large_vits(tmp_path, 0.2)
    spec = ModelSpec("large", "transformers", (str(folder),), "default")
    load(spec).engine.unload()
    give_back()
    before = resident()
    for _ in range(2):
        loaded = load(spec)
        held = resident()
        loaded.engine.unload()
        # As a worker does: modules and their hooks refer to each other.
        give_back()
        assert held - before > 180e6
        assert resident() - before < 30e6


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
