"""What every engine must do, whatever it is: an engine joins with its name in the list."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from assets import Loaded

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, engine_class
from wyoming_openspeakers.engines.control import CancelFlag, Cancelled

ENGINES = ["hibari", "piper", "kokoro"]

LONG = "The living room is at twenty one degrees, and the window has been open for more than three hours now. "


@pytest.fixture(params=["hibari", *(pytest.param(name, marks=pytest.mark.slow) for name in ("piper", "kokoro"))])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    engine: Loaded = request.getfixturevalue(request.param)
    return engine


def test_speaks_at_one_rate_that_it_declares(loaded: Loaded) -> None:
    voice = next(voice for voice in loaded.engine.voices(loaded.spec) if voice.name == loaded.voice)
    chunks = list(loaded.engine.stream(EngineRequest("Good morning.", loaded.voice)))
    assert {chunk.rate for chunk in chunks} == {voice.rate}
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert 0.5 < samples.size / voice.rate < 3
    assert 0.02 < float(np.sqrt(np.mean(samples**2))) < 0.5
    assert np.isfinite(samples).all()


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_says_nothing_where_there_is_nothing_to_say(loaded: Loaded, text: str) -> None:
    assert loaded.say(EngineRequest(text, loaded.voice)).size == 0


def test_names_an_unknown_voice(loaded: Loaded) -> None:
    with pytest.raises(EngineError, match="af_nobody") as caught:
        loaded.say(EngineRequest("Hello.", "af_nobody"))
    assert caught.value.code == "unknown_voice"


def test_speaks_faster_when_asked(loaded: Loaded) -> None:
    # Twice the length at half the speed, but for what differs by chance.
    slow = loaded.say(EngineRequest("Hello.", loaded.voice, speed=0.7))
    fast = loaded.say(EngineRequest("Hello.", loaded.voice, speed=1.6))
    assert slow.size > 1.4 * fast.size


def test_stops_inside_a_run_when_cancelled(loaded: Loaded) -> None:
    request = EngineRequest(LONG * 4, loaded.voice)
    started, stopped = threading.Event(), []

    def speak() -> None:
        chunks = loaded.engine.stream(request)
        started.set()
        try:
            for _ in chunks:
                pass
        except Cancelled:
            stopped.append(time.monotonic())

    speaker = threading.Thread(target=speak)
    speaker.start()
    started.wait()
    time.sleep(0.03)
    cancelled = time.monotonic()
    request.cancel.set()
    speaker.join(10)
    assert stopped and stopped[0] - cancelled < 0.2


def test_does_not_start_when_cancelled_before(loaded: Loaded) -> None:
    cancel = CancelFlag()
    cancel.set()
    with pytest.raises(Cancelled):
        loaded.say(EngineRequest("Hello.", loaded.voice, cancel=cancel))


def test_speaks_again_after_a_cancelled_request(loaded: Loaded) -> None:
    request = EngineRequest(LONG, loaded.voice)
    request.cancel.set()
    with pytest.raises(Cancelled):
        loaded.say(request)
    assert loaded.say(EngineRequest("Hello.", loaded.voice)).size > 4_000


def test_speaks_two_requests_at_once(loaded: Loaded) -> None:
    texts = ["Hello.", "Good morning to you."]
    with ThreadPoolExecutor(2) as pool:
        short, long = pool.map(lambda text: loaded.say(EngineRequest(text, loaded.voice)), texts)
    assert 4_000 < short.size < long.size


def test_a_generator_may_move_between_threads(loaded: Loaded) -> None:
    chunks = loaded.engine.stream(EngineRequest("Hello. Good morning.", loaded.voice))
    total = 0
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for pool in (one, other) * 10:
            chunk = pool.submit(next, chunks, None).result()
            if chunk is None:
                break
            total += chunk.samples.size
    assert total > 4_000


def test_refuses_a_device_that_it_cannot_use(loaded: Loaded) -> None:
    with pytest.raises(EngineError, match="cuda") as caught:
        type(loaded.engine)().load(loaded.spec, "cuda")
    assert caught.value.code == "bad_parameter"


def test_voices_are_unique_and_described(loaded: Loaded) -> None:
    voices = loaded.engine.voices(loaded.spec)
    assert loaded.voice in {voice.name for voice in voices}
    assert len({voice.name for voice in voices}) == len(voices)
    assert all(voice.languages and voice.description and voice.revision for voice in voices)
    assert loaded.engine.problem(loaded.spec) is None


@pytest.mark.parametrize("name", ["piper", "kokoro"])
def test_without_files_there_are_no_voices_and_it_says_why(name: str, tmp_path: Path) -> None:
    engine = engine_class(name)
    spec = ModelSpec(name, name, (str(tmp_path), str(tmp_path / "nowhere")))
    assert engine.voices(spec) == []
    assert str(tmp_path) in (engine.problem(spec) or "") or "pip install" in (engine.problem(spec) or "")
    with pytest.raises(EngineError):
        engine().load(spec, "cpu")


@pytest.mark.parametrize("name", ENGINES)
def test_listing_voices_imports_no_heavy_package(name: str) -> None:
    code = f"""
import sys
from wyoming_openspeakers.engines.base import ModelSpec, engine_class
engine_class({name!r}).voices(ModelSpec("a", {name!r}, ("/nowhere",)))
engine_class({name!r}).problem(ModelSpec("a", {name!r}, ("/nowhere",)))
print([name for name in ("onnxruntime", "onnx", "scipy", "hibari", "piper", "misaki", "torch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
