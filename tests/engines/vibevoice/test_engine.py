"""VibeVoice is heard while it speaks, is as its seed and settings say, and stops when it is to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice
import torch
from assets import Loaded
from vibevoice_requests import HOP, ask, family, same

from wyoming_openspeakers.engines.base import EngineError, ModelSpec
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.torch.background import LEAD
from wyoming_openspeakers.engines.vibevoice import VibeVoiceEngine

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]


def test_is_heard_while_it_speaks(loaded: Loaded) -> None:
    steps: list[int] = []
    hook = family(loaded)._model.model.audio_tower.decoder.head.register_forward_hook(lambda *_: steps.append(1))
    loaded.say(ask(most=1))
    steps.clear()
    chunks = loaded.engine.stream(ask("a" * 200, 24))
    next(chunks)
    first = len(steps)
    assert sum(1 for _ in chunks) == 23
    hook.remove()
    assert len(steps) == 24 and first <= LEAD + 2


def test_a_seed_is_all_that_its_chance_depends_on(loaded: Loaded) -> None:
    torch.manual_seed(1)
    said = loaded.say(ask())
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert same(said, loaded.say(ask()))
    assert not same(said, loaded.say(ask(seed=6)))
    assert not same(loaded.say(ask(seed=None)), loaded.say(ask(seed=None)))
    # What other models in the process do by chance is left alone.
    assert torch.equal(torch.get_rng_state(), state)


def test_its_settings_change_what_is_said(loaded: Loaded) -> None:
    said = loaded.say(ask())
    assert same(said, loaded.say(ask(parameters={"guidance_scale": 1.3, "num_diffusion_steps": 10})))
    assert not same(said, loaded.say(ask(parameters={"guidance_scale": 3})))
    assert not same(said, loaded.say(ask(parameters={"num_diffusion_steps": 4})))


def test_does_not_go_on_for_ever(loaded: Loaded) -> None:
    # Ten seconds, and 0.4 for each letter.
    assert loaded.say(ask("good day.", 40_500)).size == HOP * int(np.ceil((10 + 9 * 0.4) * 7.5))


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "Speaker 1: ... Speaker 2: ?"])
def test_says_nothing_where_there_is_nothing_to_say(loaded: Loaded, text: str) -> None:
    assert loaded.say(ask(text)).size == 0


def test_names_what_there_is_not(loaded: Loaded) -> None:
    with pytest.raises(EngineError, match="af_nobody") as caught:
        loaded.say(ask(voice="af_nobody"))
    assert caught.value.code == "unknown_voice"
    with pytest.raises(EngineError, match="Speaker 9") as caught:
        loaded.say(ask("Speaker 9: hello."))
    assert caught.value.code == "bad_parameter"


def test_stops_inside_a_frame_when_cancelled(loaded: Loaded) -> None:
    said, request = loaded.say(ask()), ask(most=3000)
    inner, calls = family(loaded)._model.model, list[str]()

    def draw(*_: object) -> None:
        calls.append("drawn")
        request.cancel.set()

    hooks = [
        inner.diffusion_head.layers[0].ffn.register_forward_hook(draw),
        inner.audio_tower.decoder.head.register_forward_hook(lambda *_: calls.append("heard")),
    ]
    with pytest.raises(Cancelled):
        loaded.say(request)
    for hook in hooks:
        hook.remove()
    assert calls == ["drawn"]
    assert np.array_equal(loaded.say(ask()), said)


def test_all_that_a_device_needs_is_moved_there(loaded: Loaded) -> None:
    model = family(loaded)
    moved = {id(weight) for stage in model.stages for weight in (*stage.parameters(), *stage.buffers())}
    every = (*model._model.named_parameters(), *model._model.named_buffers())
    left = {name for name, weight in every if id(weight) not in moved}
    # Both are read once, as plain numbers.
    assert left == {"model.latent_scaling_factor", "model.latent_bias_factor"}


def test_says_the_same_after_parking(loaded: Loaded) -> None:
    said = loaded.say(ask())
    assert isinstance(loaded.engine, VibeVoiceEngine)
    weights = loaded.engine._weights
    assert weights is not None
    for _ in range(2):
        family(loaded).rest()
        weights.park()
        weights.unpark()
        # Weights that lie elsewhere may be summed in another order.
        assert same(said, loaded.say(ask()))


def test_says_what_is_missing(tmp_path: Path) -> None:
    folder = tiny_vibevoice.vibevoice(tmp_path)
    spec = ModelSpec("m", "vibevoice", (str(folder),))
    assert VibeVoiceEngine.problem(spec) is None
    settings = (folder / "generation_config.json").read_text()
    (folder / "generation_config.json").write_text(settings.replace("v_prediction", "epsilon"))
    assert "prediction_type epsilon" in (VibeVoiceEngine.problem(spec) or "")
    (folder / "generation_config.json").unlink()
    assert VibeVoiceEngine.problem(spec) is None
    (folder / "tokenizer.json").unlink()
    assert "tokenizer.json is missing" in (VibeVoiceEngine.problem(spec) or "")
    (folder / "model.safetensors").unlink()
    assert "weights are missing" in (VibeVoiceEngine.problem(spec) or "")
    assert VibeVoiceEngine.voices(spec) == []
