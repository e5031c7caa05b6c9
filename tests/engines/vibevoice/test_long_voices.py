"""Voices stay the same: those of recordings, of the model's folder, and of its own making."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice
import torch
from assets import Loaded, load
from vibevoice_requests import HELLO, ask, family, recording, same

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.control import CancelFlag, Cancelled
from wyoming_openspeakers.engines.vibevoice import VibeVoiceEngine
from wyoming_openspeakers.engines.vibevoice.prompt_voices import OWN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]


def test_a_recording_is_listened_to_once(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = family(loaded)
    listened: list[int] = []
    read: list[int] = []
    encode, think = model._frames.codec.encode, model._frames._think

    def listening(sound: torch.Tensor) -> torch.Tensor:
        listened.append(1)
        return encode(sound)

    def reading(seen: torch.Tensor, *rest: Any) -> torch.Tensor:
        read.append(seen.shape[1])
        return think(seen, *rest)

    monkeypatch.setattr(model._frames.codec, "encode", listening)
    monkeypatch.setattr(model._frames, "_think", reading)
    low, high = recording(tmp_path, "low", 120), recording(tmp_path, "high", 900)
    said = []
    for reference in (low, high):
        prompts = []
        for _ in range(2):
            read.clear()
            said.append(loaded.say(ask(most=3, references=(reference,))))
            prompts.append(max(read))
        # Prompts are read to the end of the voices only once.
        assert prompts[1] < prompts[0]
    assert len(listened) == 2
    assert np.array_equal(said[0], said[1]) and not same(said[1], said[2])
    loaded.engine.forget(["low"])
    assert np.array_equal(loaded.say(ask(most=3, references=(low,))), said[0]) and len(listened) == 3
    assert np.array_equal(loaded.say(ask(most=3, references=(high,))), said[2]) and len(listened) == 3


def voices_in(loaded: Loaded, request: EngineRequest, patch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Who speaks in each piece of a request, in whose voices."""
    model, keys = family(loaded), []
    speak = model._speak

    def noting(turns: Any, key: Any, *rest: Any) -> None:
        if key:
            keys.append(key)
        speak(turns, key, *rest)

    with patch.context() as inside:
        inside.setattr(model, "_speak", noting)
        loaded.say(request)
    return keys


def test_speakers_have_voices_of_their_own(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = recording(tmp_path, "low", 120), recording(tmp_path, "high", 900)
    talk = "Speaker 1: good day. Speaker 2: good day. Speaker 3: no."

    def voices(**request: Any) -> list[tuple[Any, ...]]:
        return voices_in(loaded, ask(**{"text": talk, "most": 1, **request}), monkeypatch)

    assert voices() == [((0, (OWN[0],)), (1, (OWN[1],)), (2, (OWN[2],)))]
    assert voices(voice=OWN[1]) == [((0, (OWN[1],)), (1, (OWN[0],)), (2, (OWN[2],)))]
    assert voices(references=(low, high)) == [((0, ("low",)), (1, ("high",)), (2, (OWN[0],)))]
    # Without speakers in the text, all recordings are of one.
    assert voices(text=HELLO, references=(low, high)) == [((0, ("low", "high")),)]
    assert voices(text="[S2] good day.", references=(low, high)) == [((1, ("high",)),)]


def test_a_voice_of_its_own_is_made_once_and_kept(tmp_path: Path) -> None:
    folder = tiny_vibevoice.vibevoice(tmp_path / "model")
    spec = ModelSpec("vibevoice", "vibevoice", (str(folder),), OWN[1], threads=1, cache_path=str(tmp_path / "cache"))
    said = []
    for _ in range(2):
        loaded = load(spec)
        said.append(loaded.say(ask(voice=OWN[1])))
        said.append(loaded.say(ask(voice=OWN[1], parameters={"guidance_scale": 1.3})))
        (kept,) = (tmp_path / "cache").glob(f"{OWN[1]}-*.wav")
        made = kept.stat().st_mtime_ns
        loaded.engine.unload()
    assert all(np.array_equal(said[0], other) for other in said[1:])
    assert kept.stat().st_mtime_ns == made
    kept.write_bytes(b"no sound")
    loaded = load(spec)
    assert np.array_equal(loaded.say(ask(voice=OWN[1])), said[0])
    loaded.engine.unload()


def test_voices_in_the_models_folder_are_offered_first(tmp_path: Path) -> None:
    folder = tiny_vibevoice.vibevoice(tmp_path / "model")
    (folder / "voices").mkdir()
    recording(folder / "voices", "zh-Ling_woman", 300)
    spec = ModelSpec("vibevoice", "vibevoice", (str(folder),), "zh-Ling_woman", threads=1)
    voice, *others = VibeVoiceEngine.voices(spec)
    assert [other.name for other in others] == list(OWN)
    assert (voice.name, voice.languages, voice.gender, voice.rate) == ("zh-Ling_woman", ("zh", "en"), "female", 24_000)
    loaded = load(spec)
    said = loaded.say(ask(voice="zh-Ling_woman"))
    loaded.engine.unload()
    recording(folder / "voices", "zh-Ling_woman", 700, 1.2)
    changed, *still = VibeVoiceEngine.voices(spec)
    assert changed.revision != voice.revision and still == others
    loaded = load(spec)
    assert not same(loaded.say(ask(voice="zh-Ling_woman")), said)
    loaded.engine.unload()


def test_a_long_text_keeps_its_voice(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "it was a good day for the cat and for the dog. " * 90
    keys = voices_in(loaded, ask(text, 1), monkeypatch)
    assert len(keys) > 2 and set(keys) == {((0, (OWN[0],)),)}


def test_a_cancelled_request_leaves_no_half_made_voice(tmp_path: Path) -> None:
    folder = tiny_vibevoice.vibevoice(tmp_path / "model")
    spec = ModelSpec("vibevoice", "vibevoice", (str(folder),), OWN[0], threads=1, cache_path=str(tmp_path / "cache"))
    loaded = load(spec)
    cancel = CancelFlag()
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(Cancelled):
        loaded.say(ask(cancel=cancel))
    assert not list((tmp_path / "cache").glob("*"))
    said = loaded.say(ask())
    loaded.engine.unload()
    loaded = load(spec)
    assert np.array_equal(loaded.say(ask()), said)
    loaded.engine.unload()
