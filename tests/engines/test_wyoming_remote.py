"""wyoming_remote: against a service of ours and wyoming-piper as processes, and against made up faults."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assets import Loaded
from conftest import ServeProcess
from remote_server import LONG, Caller, Script, dead_port, fault_server, loaded, until
from wyoming.event import Event, read_event, write_event

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.remote import engine as module
from wyoming_openspeakers.engines.remote import own
from wyoming_openspeakers.engines.wyoming_remote import WyomingRemoteEngine

TONE = (np.sin(np.arange(2400) / 10) * 9000).astype("<i2").tobytes()

S16 = {"rate": 22_050, "width": 2, "channels": 1}


def spec_of(url: str, cache: Path | None = None, **parameters: Any) -> ModelSpec:
    return ModelSpec("far", "wyoming_remote", cache_path=str(cache) if cache else None,
                     parameters={"url": url, **parameters})  # fmt: skip


def sent(*events: Event) -> bytes:
    data = io.BytesIO()
    for event in events:
        write_event(event, data)
    return data.getvalue()


def playing(*events: Event, raw: bytes = b"") -> Script:
    """A server that answers a text with these events, and then hangs up."""

    def script(caller: Caller) -> None:
        read_event(caller.reader)
        caller.send(sent(*events) + raw)

    return script


def say(script: Script, **parameters: Any) -> tuple[np.ndarray[Any, Any], set[int]]:
    with fault_server(script, http=False) as server:
        far = loaded(spec_of(f"tcp://127.0.0.1:{server.port}", **parameters))
        chunks = list(far.engine.stream(EngineRequest("Hello.", "nova")))
    return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)]), {c.rate for c in chunks}


def failure(script: Script, **parameters: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        say(script, **parameters)
    return caught.value


@pytest.fixture
def ours(default_service: ServeProcess, tmp_path: Path) -> Loaded:
    """A service of ours as the remote."""
    return loaded(spec_of(default_service.uri, tmp_path), "hibari/heart")


@pytest.fixture
def not_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server inside of the tests' own process count as another one."""
    monkeypatch.setattr(own, "is_own", lambda connection: False)


@pytest.fixture(scope="module")
def piper_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """wyoming-piper with its English voice."""
    pytest.importorskip("wyoming_piper", reason="wyoming-piper is not installed")
    from assets import ROOT, asset
    from bench.servers import wyoming_piper
    from bench.setup import Setup

    asset("piper")
    with wyoming_piper(Setup(ROOT, tmp_path_factory.mktemp("piper"))) as server:
        yield f"tcp://127.0.0.1:{server.port}"


def test_a_service_of_ours_lists_its_voices_and_speaks(ours: Loaded) -> None:
    engine, spec = ours.engine, ours.spec
    until(lambda: engine.voices(spec))
    heart = next(voice for voice in engine.voices(spec) if voice.name == "hibari/heart")
    assert heart.languages[0].startswith("en") and heart.revision and engine.problem(spec) is None
    samples = ours.say(EngineRequest("Good morning.", "hibari/heart"))
    assert samples.size > 8_000 and 0.02 < float(np.sqrt(np.mean(samples**2))) < 0.5


def test_cancelling_stops_a_real_server(ours: Loaded) -> None:
    request = EngineRequest(LONG, "hibari/heart")
    chunks = ours.engine.stream(request)
    assert next(chunks).samples.size
    threading.Timer(0.05, request.cancel.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        for _ in chunks:
            pass
    assert time.monotonic() - began < 0.3


@pytest.mark.slow
def test_wyoming_piper_lists_its_voices_and_speaks(piper_server: str, tmp_path: Path) -> None:
    far = loaded(spec_of(piper_server, tmp_path), "en_US-joe-medium")
    until(lambda: far.engine.voices(far.spec))
    voice = next(voice for voice in far.engine.voices(far.spec) if voice.name == far.voice)
    assert voice.languages == ("en-US",)
    chunks = list(far.engine.stream(EngineRequest("Good morning to you.", far.voice)))
    assert {chunk.rate for chunk in chunks} == {22_050}
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert 0.5 < samples.size / 22_050 < 4 and 0.01 < float(np.sqrt(np.mean(samples**2))) < 0.5


def test_a_service_that_points_at_itself_is_told_so(tmp_path: Path) -> None:
    with fault_server(lambda caller: caller.wait_for_hang_up(), http=False) as server:
        spec = spec_of(f"tcp://127.0.0.1:{server.port}", tmp_path)
        until(lambda: "this service itself" in (WyomingRemoteEngine.problem(spec) or ""))


@pytest.mark.usefixtures("not_own")
def test_programs_voices_and_speakers(tmp_path: Path) -> None:
    eva = {"name": "de_DE-eva", "languages": ["de_DE"], "installed": True, "speakers": [{"name": "a"}, {"name": "b"}]}
    programs = [
        {"name": "one", "installed": True, "voices": [eva, {"name": "far/loop"}, {"name": "no", "installed": False}]},
        {"name": "two", "installed": False, "voices": [{"name": "never", "languages": ["en"]}]},
        "nonsense",
    ]
    info = Event("info", {"tts": programs})

    with fault_server(playing(Event("foo"), info), http=False) as server:
        spec = spec_of(f"tcp://127.0.0.1:{server.port}", tmp_path)
        until(lambda: WyomingRemoteEngine.voices(spec))
        (found,) = WyomingRemoteEngine.voices(spec)
        assert (found.name, found.languages, found.speakers) == ("de_DE-eva", ("de-DE",), ("a", "b"))
        far = loaded(spec)
        for voice, speaker in (("nobody", None), ("de_DE-eva", "c")):
            with pytest.raises(EngineError, match=speaker or voice) as caught:
                far.say(EngineRequest("Hallo.", voice, speaker=speaker))
            assert caught.value.code == "unknown_voice"
        other = spec_of(f"tcp://127.0.0.1:{server.port}", tmp_path, program="three")
        until(lambda: "has no voices" in (WyomingRemoteEngine.problem(other) or ""))


def test_what_is_asked_for() -> None:
    heard: list[Event | None] = []

    def script(caller: Caller) -> None:
        heard.append(read_event(caller.reader))
        caller.send(sent(Event("audio-start", S16), Event("audio-chunk", S16, TONE), Event("audio-stop")))

    with fault_server(script, http=False) as server:
        far = loaded(spec_of(f"tcp://127.0.0.1:{server.port}"))
        far.say(EngineRequest("Hello.", "nova", "en-GB", "second"))
    voice = {"name": "nova", "speaker": "second", "language": "en-GB"}
    assert heard == [Event("synthesize", {"text": "Hello.", "voice": voice})]


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 1), (3, 1), (4, 1), (2, 2), (3, 2)])
def test_audio_of_any_kind(width: int, channels: int) -> None:
    wave = np.sin(np.arange(2400) / 10) * 0.3
    numbers = np.round(wave * (1 << (8 * width - 1))).astype("<i8")
    mono = numbers.view(np.uint8).reshape(-1, 8)[:, :width]
    data = np.repeat(mono, channels, axis=0).tobytes()
    form = {"rate": 16_000, "width": width, "channels": channels}
    pieces = [Event("audio-chunk", form, data[at : at + 1001]) for at in range(0, len(data), 1001)]
    samples, rates = say(playing(*pieces, Event("audio-stop")))
    assert rates == {16_000} and samples.size == 2400
    assert float(np.abs(samples - wave).max()) < (0.01 if width == 1 else 0.0001)


CHUNK = Event("audio-chunk", S16, TONE)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (playing(CHUNK), "hung up in the middle"),
        (playing(CHUNK, raw=b'{"type": "audio-chunk", "payload_length": 100}\nabc'), "hung up in the middle"),
        (playing(CHUNK, raw=b'{"type": "audi'), "hung up in the middle"),
        (playing(Event("audio-chunk", S16, TONE[:-1]), Event("audio-stop")), "hung up in the middle"),
        (playing(raw=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak Wyoming"),
        (playing(raw=b'{"a": 1}\n'), "does not speak Wyoming"),
        (playing(raw=b'{"type": "audio-chunk", "payload_length": 1e12}\n'), "does not speak Wyoming"),
        (playing(raw=b'{"type": "audio-chunk", "data_length": "x"}\n'), "does not speak Wyoming"),
        (playing(Event("audio-chunk", {}, TONE)), "without saying what kind"),
        (playing(Event("audio-chunk", {**S16, "rate": 1}, TONE)), "nobody can play"),
        (playing(CHUNK, Event("audio-chunk", {**S16, "rate": 16_000}, TONE)), "in the middle"),
        (playing(Event("error", {"text": "no\n such", "code": "unknown-voice"})), "'nova': no such"),
    ],
)
def test_faults_in_words(script: Script, words: str) -> None:
    assert words in str(failure(script))


def test_an_error_keeps_what_it_means() -> None:
    assert failure(playing(Event("error", {"text": "x", "code": "unknown-voice"}))).code == "unknown_voice"
    assert failure(playing(Event("error", {"text": "x", "code": "busy"}))).code == "busy"
    assert failure(playing(Event("error", {"text": "x"}))).code == "remote_failed"


def test_a_server_that_does_not_stop_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 1)
    assert "does not stop speaking" in str(failure(playing(Event("audio-chunk", S16, TONE * 10))))
    pieces = [Event("audio-chunk", S16, TONE)] * 9
    assert say(playing(*pieces, Event("audio-stop")))[0].size == 9 * len(TONE) // 2


@pytest.mark.slow
def test_silence_is_given_up() -> None:
    def script(caller: Caller) -> None:
        caller.send(sent(CHUNK))
        caller.wait_for_hang_up()

    error = failure(script, audio_gap=0.3)
    assert error.code == "timeout" and "silent for 0.3 s" in str(error)


def test_cancelling_hangs_up_at_once() -> None:
    def script(caller: Caller) -> None:
        caller.send(sent(CHUNK))
        caller.wait_for_hang_up()

    with fault_server(script, http=False) as server:
        far = loaded(spec_of(f"tcp://127.0.0.1:{server.port}"))
        request = EngineRequest("Hello.", "nova")
        threading.Timer(0.2, request.cancel.set).start()
        with pytest.raises(Cancelled):
            far.say(request)
        cancelled = time.monotonic()
        assert server.left.wait(1) and server.left_at - cancelled < 0.1


def test_a_dead_server_is_told(tmp_path: Path) -> None:
    spec = spec_of(f"tcp://127.0.0.1:{dead_port()}", tmp_path)
    with pytest.raises(EngineError, match=r"is it running\?"):
        loaded(spec).say(EngineRequest("Hello.", "nova"))
    until(lambda: "is it running?" in (WyomingRemoteEngine.problem(spec) or ""))


@pytest.mark.parametrize("url", ["", "http://a", "tcp://", "tcp://a/b", "tcp://a:99999", "unix://a", "tcp://u:p@a"])
def test_a_wrong_entry_is_a_problem_and_not_a_crash(url: str) -> None:
    spec = spec_of(url)
    assert "parameters.url" in (WyomingRemoteEngine.problem(spec) or "")
    assert WyomingRemoteEngine.voices(spec) == []
    with pytest.raises(EngineError):
        loaded(spec)


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_says_nothing_where_there_is_nothing_to_say(text: str) -> None:
    assert loaded(spec_of(f"tcp://127.0.0.1:{dead_port()}")).say(EngineRequest(text, "nova")).size == 0
