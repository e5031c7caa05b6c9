"""CSM streams what Mimi would make of all at once, speaks like a recording, and keeps its voice."""

from __future__ import annotations

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

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.codec_lm.csm import CodeChoice, CsmLayout, StreamedCsm
from wyoming_openspeakers.engines.codec_lm.mimi import MimiParts, MimiStream
from wyoming_openspeakers.engines.torch.sampling import Sampler, generator_of

pytestmark = pytest.mark.slow

LONG = "Good day to all of you, and to the cat. " * 5
MOST = {"max_frames": 4}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tiny_models.csm(tmp_path_factory.mktemp("csm"))
    loaded = load(ModelSpec("csm", "codec_lm", (str(folder),), "default"))
    yield loaded
    loaded.engine.unload()


def family(loaded: Loaded) -> StreamedCsm:
    assert isinstance(loaded.engine, CodecLmEngine) and isinstance(loaded.engine._model, StreamedCsm)
    return loaded.engine._model


def recording(folder: Path, name: str, pitch: float) -> Reference:
    path = folder / f"{name}.wav"
    tone = np.sin(np.arange(24_000) * pitch * 2 * np.pi / 24_000) * 0.3
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
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


def test_a_recording_changes_the_voice_and_is_encoded_once(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    real = family(loaded)._encode

    def counting(values: Any, *arguments: Any, **options: Any) -> Any:
        encoded.append(values.shape[-1])
        return real(values, *arguments, **options)

    monkeypatch.setattr(family(loaded), "_encode", counting)
    said = []
    for references in ((), (recording(tmp_path, "low", 120),), (recording(tmp_path, "high", 900),)):
        request = EngineRequest(LONG, "default", seed=4, references=references, parameters=MOST)
        one, other = loaded.say(request), loaded.say(request)
        np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(one).max())
        said.append(one)
    assert len(encoded) == 2
    assert not np.array_equal(said[0], said[1]) and not np.array_equal(said[1], said[2])
    assert CodecLmEngine.capabilities_of(loaded.spec).cloning


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
