"""Orpheus, Dia and CSM speak while they generate, the same sound that they would make at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_codec_models
import tiny_dia
import tiny_models
from assets import Loaded, load
from ended import stopped_after

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Samples
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.codec_lm.higgs import HiggsFamily
from wyoming_openspeakers.engines.codec_lm.pace import LARGEST
from wyoming_openspeakers.engines.control import CancelFlag, Cancelled
from wyoming_openspeakers.engines.torch.background import LEAD
from wyoming_openspeakers.engines.torch.folder import ModelFolder

pytestmark = pytest.mark.slow

HELLO = "Good morning."
LONG = "the living room is at twenty one degrees, and the window has been open for more than three hours now. " * 4
FRAMES = 14

MODELS: dict[str, Any] = {"orpheus": tiny_codec_models.orpheus, "dia": tiny_dia.dia, "csm": tiny_models.csm}
VOICES = {"orpheus": "tara", "dia": "default", "csm": "default"}
RATES = {"orpheus": 24_000, "dia": 44_100, "csm": 24_000}
SAMPLES = {"orpheus": 2048, "dia": 512, "csm": 1920}
STEPS = {"orpheus": 7, "dia": 1, "csm": 1}
DELAYS = {"orpheus": 0, "dia": 15, "csm": 0}
"""Steps from the first code of a frame to its last, besides those of the frame itself."""
MOST = {"orpheus": "max_tokens", "dia": "max_frames", "csm": "max_frames"}
HEADS = {"orpheus": "lm_head", "dia": "logits_dense", "csm": "lm_head"}
TOLERANCE = 1e-4
"""Of the loudest sample: numbers are summed in another order when frames are cut elsewhere."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Loaded]]:
    loaded = {}
    for name, make in MODELS.items():
        folder = make(tmp_path_factory.mktemp(name))
        loaded[name] = load(ModelSpec(name, "codec_lm", (str(folder),), VOICES[name]))
    yield loaded
    for one in loaded.values():
        one.engine.unload()


def model_of(loaded: Loaded) -> Any:
    assert isinstance(loaded.engine, CodecLmEngine)
    return loaded.engine._model


def ask(name: str, frames: int = FRAMES, text: str = HELLO, **others: Any) -> EngineRequest:
    most = {MOST[name]: frames * STEPS[name]}
    return EngineRequest(text, VOICES[name], **{"seed": 5, "parameters": most, **others})


def test_all_that_is_supported_speaks_here(models: dict[str, Loaded]) -> None:
    here = {ModelFolder(Path(loaded.spec.paths[0])).kind for loaded in models.values()}
    # Higgs is heard later than these, and has tests of its own.
    assert here | set(HiggsFamily.kinds) == CodecLmEngine.kinds()


@pytest.mark.parametrize("name", MODELS)
def test_speaks_in_chunks_at_the_rate_that_its_voices_declare(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    voices = loaded.engine.voices(loaded.spec)
    assert voices[0].name == VOICES[name] and {voice.rate for voice in voices} == {RATES[name]}
    assert loaded.engine.capabilities_of(loaded.spec).streaming
    chunks = list(loaded.engine.stream(ask(name)))
    assert {chunk.rate for chunk in chunks} == {RATES[name]}
    assert len(chunks) > 2 and SAMPLES[name] <= chunks[0].samples.size < 2 * SAMPLES[name]
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert samples.dtype == np.float32 and np.isfinite(samples).all() and samples.std() > 1e-3
    # Head and tail: of each frame that was said every sample is heard.
    assert samples.size == FRAMES * SAMPLES[name]


@pytest.mark.parametrize("name", MODELS)
def test_what_streams_is_what_it_would_say_at_once(models: dict[str, Loaded], name: str) -> None:
    """The tokens of one generation, kept, and all of their frames decoded in one run."""
    import torch

    loaded, request = models[name], ask(name, 30)
    model, layout = model_of(loaded), model_of(loaded).layout()
    kept: list[Any] = []

    class Keep:
        frames = ()

        def put(self, tokens: Any) -> None:
            kept.append(tokens)

        def end(self) -> None:
            pass

    with torch.no_grad():
        model.begin(request)
        model.generate(HELLO, request, request.parameters, request.seed, Keep())
        frames = [frame for tokens in kept[1:] if (frame := layout.take(tokens))]
        whole = model.decoder(request.seed).finish(frames)
    streamed = loaded.say(request)
    assert streamed.shape == whole.shape == (30 * SAMPLES[name],)
    np.testing.assert_allclose(streamed, whole, atol=TOLERANCE * np.abs(whole).max())


@pytest.mark.parametrize("name", MODELS)
def test_is_heard_long_before_the_last_token(models: dict[str, Loaded], name: str) -> None:
    loaded, request = models[name], ask(name, 100)
    steps: list[int] = []
    head = getattr(model_of(loaded)._model, HEADS[name])
    hook = head.register_forward_hook(lambda *_: steps.append(1))
    chunks = loaded.engine.stream(request)
    next(chunks)
    # The generation may be ahead by as many chunks as it may be, and is at work on the next.
    first = len(steps)
    for _ in chunks:
        pass
    hook.remove()
    assert len(steps) == 100 * STEPS[name] + DELAYS[name]
    ahead = model_of(loaded).decoder(0).ahead + (LEAD + 1) * LARGEST
    assert first <= (1 + ahead) * STEPS[name] + DELAYS[name] < 100 * STEPS[name]


@pytest.mark.parametrize("name", MODELS)
def test_a_seed_is_all_that_its_chance_depends_on(models: dict[str, Loaded], name: str) -> None:
    import torch

    loaded = models[name]
    torch.manual_seed(1)
    said = loaded.say(ask(name))
    torch.manual_seed(2)
    state = torch.get_rng_state()
    np.testing.assert_allclose(loaded.say(ask(name)), said, atol=TOLERANCE * np.abs(said).max())
    another = loaded.say(ask(name, seed=6))
    assert another.size != said.size or not np.allclose(another, said, atol=0.1 * np.abs(said).max())
    one, other = loaded.say(ask(name, seed=None)), loaded.say(ask(name, seed=None))
    # By chance one may say the end before the other does.
    assert one.size != other.size or not np.allclose(one, other, atol=0.1 * np.abs(said).max())
    # What other models in the process do by chance is left alone.
    assert torch.equal(torch.get_rng_state(), state)


def alike(one: Samples, other: Samples) -> float:
    """1 for the same sound, 0 for another."""
    centred = [samples - samples.mean() for samples in (one, other)]
    return float(np.mean(centred[0] * centred[1]) / (centred[0].std() * centred[1].std()))


@pytest.mark.parametrize("name", MODELS)
def test_temperature_changes_what_is_said(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    most = ask(name).parameters
    cold = [loaded.say(ask(name, seed=seed, parameters={**most, "temperature": 1e-4})) for seed in (1, 2)]
    hot = [loaded.say(ask(name, seed=seed, parameters={**most, "temperature": 2.0})) for seed in (1, 2)]
    likeness = [alike(*pair) for pair in (cold, hot)]
    # Without chance both seeds say the same, but for the noise that Orpheus' codec adds.
    assert likeness[0] > 0.9 > 0.8 > likeness[1], likeness


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_says_nothing_where_there_is_nothing_to_say(models: dict[str, Loaded], name: str, text: str) -> None:
    assert models[name].say(ask(name, text=text)).size == 0


@pytest.mark.parametrize("name", MODELS)
def test_a_long_text_is_spoken_in_pieces(models: dict[str, Loaded], name: str) -> None:
    said = models[name].say(ask(name, 3, LONG))
    assert said.size % (3 * SAMPLES[name]) == 0 and said.size >= 3 * 3 * SAMPLES[name]


@pytest.mark.parametrize("name", MODELS)
def test_names_an_unknown_voice(models: dict[str, Loaded], name: str) -> None:
    with pytest.raises(EngineError, match="af_nobody") as caught:
        models[name].say(EngineRequest(HELLO, "af_nobody"))
    assert caught.value.code == "unknown_voice"


@pytest.mark.parametrize("name", MODELS)
def test_stops_inside_a_run_when_cancelled(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    waits = [stopped_after(loaded.engine, ask(name, 500)) for _ in range(3)]
    # The median: a machine that others use, too, may stop any thread for as long.
    assert sorted(waits)[1] < 0.2, waits
    assert loaded.say(ask(name)).size == FRAMES * SAMPLES[name]


@pytest.mark.parametrize("name", MODELS)
def test_who_stops_listening_ends_the_generation(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    whole = loaded.say(ask(name))
    chunks = loaded.engine.stream(ask(name, 500))
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # a generator, which Iterator does not tell
    np.testing.assert_allclose(loaded.say(ask(name)), whole, atol=TOLERANCE * np.abs(whole).max())


def test_does_not_start_when_cancelled_before(models: dict[str, Loaded]) -> None:
    cancel = CancelFlag()
    cancel.set()
    with pytest.raises(Cancelled):
        models["csm"].say(ask("csm", cancel=cancel))


@pytest.mark.parametrize("name", MODELS)
def test_says_the_same_after_parking(models: dict[str, Loaded], name: str) -> None:
    loaded = models[name]
    said = loaded.say(ask(name))
    assert isinstance(loaded.engine, CodecLmEngine)
    weights = loaded.engine._weights
    assert weights is not None
    for _ in range(2):
        weights.park()
        weights.unpark()
        # Weights that lie elsewhere may be summed in another order, and chunks are cut by the clock.
        np.testing.assert_allclose(loaded.say(ask(name)), said, atol=TOLERANCE * np.abs(said).max())


@pytest.mark.parametrize("name", MODELS)
def test_nothing_stays_behind_when_it_parks(models: dict[str, Loaded], name: str) -> None:
    """Every tensor that a part of the model has is one of those that are moved, after it has spoken, too."""
    from torch import Tensor

    loaded = models[name]
    loaded.say(ask(name))
    model = model_of(loaded)
    moved = {id(weight) for stage in model.stages for weight in (*stage.parameters(), *stage.buffers())}
    for part in (model._model, *([model._codec.module] if hasattr(model, "_codec") else [])):
        for path, module in part.named_modules():
            held = {**vars(module), **module._parameters, **module._buffers}
            tensors = {key: value for key, value in held.items() if isinstance(value, Tensor)}
            # Single numbers are settings, which stay on the host.
            left = [key for key, value in tensors.items() if value.ndim and id(value) not in moved]
            assert not left, f"{path}.{left}"


def test_needs_to_be_loaded() -> None:
    with pytest.raises(EngineError, match="not loaded"):
        list(CodecLmEngine().stream(EngineRequest(HELLO, "tara")))


def test_says_what_is_missing(tmp_path: Path, models: dict[str, Loaded]) -> None:
    def problem(*paths: Path) -> str:
        return CodecLmEngine.problem(ModelSpec("m", "codec_lm", tuple(map(str, paths)))) or ""

    assert "csm, dia, higgs_audio_v2, llama" in problem(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama", "vocab_size": 32000}')
    (tmp_path / "model.safetensors").touch()
    assert "156938" in problem(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama", "vocab_size": 156940}')
    assert "snac_24khz" in problem(tmp_path)
    assert CodecLmEngine.voices(ModelSpec("m", "codec_lm", (str(tmp_path / "none"),))) == []
