"""openai_remote: against a service of ours as a process, and against faults that only a made up server has."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import ssl
import subprocess
import threading
import time
import urllib.request
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assets import Loaded
from conftest import ServeProcess
from remote_server import LONG, Caller, Script, dead_port, fault_server, loaded, until

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.openai_remote import OpenAIRemoteEngine
from wyoming_openspeakers.engines.remote import engine as module
from wyoming_openspeakers.engines.remote import openai, own

TONE = (np.sin(np.arange(2400) / 10) * 9000).astype("<i2").tobytes()


def spec_of(url: str, cache: Path | None = None, **parameters: Any) -> ModelSpec:
    return ModelSpec("far", "openai_remote", cache_path=str(cache) if cache else None,
                     parameters={"url": url, **parameters})  # fmt: skip


@pytest.fixture
def ours(default_service: ServeProcess, tmp_path: Path) -> Loaded:
    """A service of ours as the remote."""
    return loaded(spec_of(f"{default_service.url}/v1", tmp_path), "hibari/heart")


@pytest.fixture
def not_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server inside of the tests' own process count as another one."""
    monkeypatch.setattr(own, "is_own", lambda connection: False)


def say(script: Script, text: str = "Hello.", **parameters: Any) -> tuple[np.ndarray[Any, Any], set[int], list[Caller]]:
    with fault_server(script) as server:
        far = loaded(spec_of(server.url, **parameters))
        chunks = list(far.engine.stream(EngineRequest(text, "nova")))
        samples = np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])
        return samples, {chunk.rate for chunk in chunks}, server.callers


def failure(script: Script, **parameters: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        say(script, **parameters)
    return caught.value


def test_a_service_of_ours_lists_its_voices_and_speaks(ours: Loaded) -> None:
    engine, spec = ours.engine, ours.spec
    assert "being asked" in (engine.problem(spec) or "")
    until(lambda: engine.voices(spec))
    voices = {voice.name: voice for voice in engine.voices(spec)}
    heart = voices["hibari/heart"]
    assert heart.languages[0].startswith("en") and heart.revision and heart.description
    assert engine.problem(spec) is None
    samples = ours.say(EngineRequest("Good morning.", "hibari/heart"))
    assert 0.5 < samples.size / 24_000 < 3 and 0.02 < float(np.sqrt(np.mean(samples**2))) < 0.5
    slow = ours.say(EngineRequest("Good morning.", "hibari/heart", speed=0.5))
    assert slow.size > 1.5 * samples.size


def test_its_sound_is_what_the_server_gives_to_anybody(ours: Loaded, default_service: ServeProcess) -> None:
    ask = {"input": "Good morning.", "voice": "hibari/heart", "response_format": "pcm", "seed": 1}
    url = f"{default_service.url}/v1/audio/speech"
    request = urllib.request.Request(url, json.dumps(ask).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        direct = np.frombuffer(answer.read(), "<i2").astype(np.float32) / 32768
    ours_is = ours.say(EngineRequest("Good morning.", "hibari/heart", seed=1))
    # How loud a voice is becomes better known with each sentence.
    assert ours_is.size == direct.size and np.corrcoef(ours_is, direct)[0, 1] > 0.999


def test_a_real_server_names_a_voice_that_it_does_not_have(ours: Loaded) -> None:
    with pytest.raises(EngineError, match="af_nobody") as caught:
        ours.say(EngineRequest("Hello.", "af_nobody"))
    assert caught.value.code == "unknown_voice"


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_says_nothing_where_there_is_nothing_to_say(text: str) -> None:
    assert loaded(spec_of(f"http://127.0.0.1:{dead_port()}")).say(EngineRequest(text, "nova")).size == 0


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


def test_speaks_two_requests_at_once_on_changing_threads(ours: Loaded) -> None:
    texts = ["Hello.", "Good morning to you."]
    with ThreadPoolExecutor(2) as pool:
        short, long = pool.map(lambda text: ours.say(EngineRequest(text, ours.voice)), texts)
    assert 4_000 < short.size < long.size
    chunks = ours.engine.stream(EngineRequest("Hello. Good morning.", ours.voice))
    total = 0
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for pool in (one, other) * 50:
            if (chunk := pool.submit(next, chunks, None).result()) is None:
                break
            total += chunk.samples.size
    assert total > 4_000


def test_a_service_that_points_at_itself_is_told_so(tmp_path: Path) -> None:
    with fault_server(lambda caller: caller.answer(b'{"data": []}', "application/json")) as server:
        spec = spec_of(server.url, tmp_path)
        until(lambda: "this service itself" in (OpenAIRemoteEngine.problem(spec) or ""))
        assert OpenAIRemoteEngine.voices(spec) == []


@pytest.mark.usefixtures("not_own")
def test_voices_of_other_dialects_and_without_our_own(tmp_path: Path) -> None:
    lists = {
        "/v1/models": {"data": [{"id": "Qwen/Qwen3-TTS"}]},
        "/v1/audio/voices": {"voices": ["vivian", "ryan", "far/vivian", 7, ""], "uploaded_voices": [{"name": "mum"}]},
    }

    def script(caller: Caller) -> None:
        caller.answer(json.dumps(lists[caller.head.split()[1]]).encode(), "application/json")

    with fault_server(script) as server:
        spec = ModelSpec("far", "openai_remote", cache_path=str(tmp_path), languages=("en", "de"),
                         parameters={"url": server.url})  # fmt: skip
        until(lambda: OpenAIRemoteEngine.voices(spec))
        voices = OpenAIRemoteEngine.voices(spec)
        assert [voice.name for voice in voices] == ["vivian", "ryan", "mum"]
        assert voices[0].languages == ("en", "de")
        far = loaded(spec)

        server.script = lambda caller: caller.answer(TONE)
        far.say(EngineRequest("Hello.", "vivian"))
        assert server.callers[-1].body["model"] == "Qwen/Qwen3-TTS"


@pytest.mark.usefixtures("not_own")
def test_a_server_that_lists_nothing_needs_names(tmp_path: Path) -> None:
    with fault_server(lambda caller: caller.answer(b"{}", "application/json", 404)) as server:
        spec = spec_of(server.url, tmp_path)
        until(lambda: "parameters.voices" in (OpenAIRemoteEngine.problem(spec) or ""))
        named = spec_of(server.url, tmp_path, voices=["coral", {"name": "ash", "languages": ["German"]}])
        until(lambda: OpenAIRemoteEngine.voices(named))
        assert OpenAIRemoteEngine.problem(named) is None
        assert [voice.languages for voice in OpenAIRemoteEngine.voices(named)] == [("en",), ("de",)]


@pytest.mark.slow
@pytest.mark.usefixtures("not_own")
def test_looking_never_waits_and_says_when_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "DEADLINE", 0.5)
    with fault_server(lambda caller: caller.wait_for_hang_up()) as server:
        spec = spec_of(server.url, tmp_path)
        began = time.monotonic()
        for _ in range(5):
            OpenAIRemoteEngine.voices(spec)
            OpenAIRemoteEngine.problem(spec)
        assert time.monotonic() - began < 0.4
        until(lambda: "silent for 0.5 s" in (OpenAIRemoteEngine.problem(spec) or ""))
    gone = spec_of(f"http://127.0.0.1:{dead_port()}", tmp_path)
    until(lambda: "is it running?" in (OpenAIRemoteEngine.problem(gone) or ""))
    assert str(gone.parameters["url"]) in (OpenAIRemoteEngine.problem(gone) or "")


def test_what_is_asked_for(tmp_path: Path) -> None:
    recording = tmp_path / "voice.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(TONE)
    with fault_server(lambda caller: caller.answer(TONE)) as server:
        far = loaded(spec_of(server.url, model="qwen", clones=True, language="name", extra={"task_type": "Base"}))
        far.say(EngineRequest("Guten Tag.", "nova", "de-DE", speed=1.5, seed=3, instructions="Whisper"))
        far.say(EngineRequest("Hello.", "", references=(Reference(str(recording), "1", "What I said."),)))
        far.say(EngineRequest("Hello.", "", references=(Reference(str(recording), "1"),)))
        first, second, third = (caller.body for caller in server.callers)
    assert first == {
        "input": "Guten Tag.", "voice": "nova", "model": "qwen", "language": "German", "speed": 1.5, "seed": 3,
        "instructions": "Whisper", "stream": True, "stream_format": "audio", "response_format": "pcm",
        "task_type": "Base",
    }  # fmt: skip
    kind, _, data = second["ref_audio"].partition(",")
    assert kind == "data:audio/wav;base64" and base64.b64decode(data) == recording.read_bytes()
    assert second["ref_text"] == "What I said." and "voice" not in second and "x_vector_only_mode" not in second
    assert third["x_vector_only_mode"] is True
    able = OpenAIRemoteEngine.capabilities_of(far.spec)
    assert able.cloning and not able.designs and able.speed == (0.5, 2.0)
    assert OpenAIRemoteEngine.capabilities_of(spec_of(server.url, speed=[], stream=False)).speed is None


def test_samples_come_whole_from_odd_pieces() -> None:
    def script(caller: Caller) -> None:
        caller.begin("audio/pcm;rate=44100")
        for at in range(0, len(TONE), 77):
            caller.chunk(TONE[at : at + 77])
        caller.chunk(b"")

    samples, rates, _ = say(script)
    assert rates == {44_100}
    assert np.array_equal(np.round(samples * 32768).astype("<i2"), np.frombuffer(TONE, "<i2"))


def test_events_with_sound_in_them() -> None:
    def script(caller: Caller) -> None:
        caller.begin("text/event-stream; charset=utf-8")
        caller.chunk(b": hello\n\n")
        for at in range(0, len(TONE), 501):
            audio = base64.b64encode(TONE[at : at + 501]).decode()
            event = f"event: speech\r\ndata: {json.dumps({'type': 'speech.audio.delta', 'audio': audio})}\r\n\r\n"
            for part in (event[:40], event[40:]):
                caller.chunk(part.encode())
        caller.chunk(b'data: {"type": "speech.audio.done"}\n\n')
        caller.wait_for_hang_up()

    samples, rates, _ = say(script)
    assert rates == {24_000} and samples.size == len(TONE) // 2


def test_an_error_among_events() -> None:
    def script(caller: Caller) -> None:
        caller.answer(b'data: {"type": "error", "error": {"message": "out of\\n frames"}}\n\n', "text/event-stream")

    assert "could not go on: out of frames" in str(failure(script))


@pytest.mark.parametrize(
    ("status", "said", "code", "words"),
    [
        (401, "bad key sk-secret", "bad_parameter", "wants a key"),
        (404, "no model m", "unknown_voice", "asked for the voice 'nova'"),
        (400, "Invalid speaker", "unknown_voice", "Invalid speaker"),
        (400, "too long", "remote_failed", "answered with 400: too long"),
        (429, "slow down", "busy", "is busy"),
        (503, "queue full", "busy", "is busy"),
        (500, "oh", "remote_failed", "answered with 500: oh"),
        (302, "", "bad_parameter", "sends elsewhere"),
    ],
)
def test_refusals_in_words(status: int, said: str, code: str, words: str) -> None:
    data = json.dumps({"error": {"message": said}}).encode()
    error = failure(lambda caller: caller.answer(data, "application/json", status))
    assert error.code == code and words in str(error) and "sk-secret" not in str(error)


def test_a_server_that_does_not_stop_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 1)
    assert "does not stop speaking" in str(failure(lambda caller: caller.answer(TONE * 11)))
    assert say(lambda caller: caller.answer(TONE * 9))[0].size == 9 * len(TONE) // 2


def test_a_key_is_sent_and_never_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("FAR_KEY", "sk-secret")
    caplog.set_level(logging.DEBUG)

    def script(caller: Caller) -> None:
        assert "Authorization: Bearer sk-secret" in caller.head
        caller.answer(b'{"detail": "you sent sk-secret"}', "application/json", 500)

    told = [str(failure(script, api_key_env="FAR_KEY"))]
    refuse = json.dumps({"error": "sk-secret is wrong"}).encode()
    told.append(str(failure(lambda caller: caller.answer(refuse, "a/json", 401), api_key_env="FAR_KEY")))
    assert "you sent ***" in told[0] and "the environment variable FAR_KEY" in told[1]
    assert "sk-secret" not in "".join([*told, caplog.text])


@pytest.mark.parametrize("key", ["", "two words", "li\nne", "ümlaut"])
def test_a_key_that_is_none_is_told_without_showing_it(key: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(key)
    spec = spec_of("http://127.0.0.1:9", api_key_file=str(file))
    assert str(file) in (OpenAIRemoteEngine.problem(spec) or "")
    with pytest.raises(EngineError) as caught:
        loaded(spec)
    assert not key or key not in str(caught.value)


def _cut_chunk(caller: Caller) -> None:
    caller.begin()
    caller.chunk(TONE)


def _cut_length(caller: Caller) -> None:
    caller.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nContent-Length: 100000\r\n\r\n" + TONE)


def _cut_sample(caller: Caller) -> None:
    caller.answer(TONE[:-1])


def _cut_headers(caller: Caller) -> None:
    caller.send(b"HTTP/1.1 200 OK\r\nContent-")


def _cut_wav(caller: Caller) -> None:
    head = b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\xc0]\x00\x00\x80\xbb\x00\x00\x02\x00\x10\x00"
    caller.answer(head + b"data" + (9000).to_bytes(4, "little") + TONE, "audio/wav")


def _cut_events(caller: Caller) -> None:
    event = json.dumps({"type": "speech.audio.delta", "audio": base64.b64encode(TONE).decode()})
    caller.send(f"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {event}\n\n".encode())


@pytest.mark.parametrize("script", [_cut_chunk, _cut_length, _cut_sample, _cut_wav, _cut_events])
def test_half_a_sentence_is_no_whole_one(script: Script) -> None:
    assert "hung up in the middle" in str(failure(script))


def test_headers_that_are_cut_or_nonsense() -> None:
    assert "hung up in the middle" in str(failure(_cut_headers))
    assert "HTTP server should" in str(failure(lambda caller: caller.send(b"SSH-2.0-OpenSSH\r\n\r\n")))
    assert "text/html" in str(failure(lambda caller: caller.answer(b"<html>", "text/html")))


@pytest.mark.slow
def test_headers_that_never_end_are_given_up() -> None:
    def script(caller: Caller) -> None:
        caller.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            caller.send(b"X: y\r\n")
            time.sleep(0.05)

    began = time.monotonic()
    assert "silent for 0.5 s" in str(failure(script, first_audio=0.5))
    assert time.monotonic() - began < 3


@pytest.mark.slow
def test_silence_is_given_up() -> None:
    def script(caller: Caller) -> None:
        caller.begin()
        caller.chunk(TONE)
        caller.wait_for_hang_up()

    error = failure(script, audio_gap=0.3)
    assert error.code == "timeout" and "silent for 0.3 s" in str(error)


@pytest.mark.slow
def test_events_without_sound_are_silence() -> None:
    def script(caller: Caller) -> None:
        caller.begin("text/event-stream")
        while True:
            caller.chunk(b": alive\n\n")
            time.sleep(0.02)

    assert failure(script, first_audio=0.3).code == "timeout"


@pytest.mark.parametrize("moment", ["headers", "body"])
def test_cancelling_hangs_up_at_once(moment: str) -> None:
    def script(caller: Caller) -> None:
        if moment == "body":
            caller.begin()
            caller.chunk(TONE)
        caller.wait_for_hang_up()

    with fault_server(script) as server:
        far = loaded(spec_of(server.url))
        request = EngineRequest("Hello.", "nova")
        timer = threading.Timer(0.2, request.cancel.set)
        timer.start()
        with pytest.raises(Cancelled):
            far.say(request)
        cancelled = time.monotonic()
        assert server.left.wait(1) and server.left_at - cancelled < 0.1


def test_a_listener_who_leaves_hangs_up() -> None:
    def script(caller: Caller) -> None:
        caller.begin()
        caller.chunk(TONE)
        caller.wait_for_hang_up()

    with fault_server(script) as server:
        chunks = loaded(spec_of(server.url)).engine.stream(EngineRequest("Hello.", "nova"))
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]  # a generator, which Iterator does not tell
        assert server.left.wait(1)


def test_a_server_behind_tls_is_trusted_by_its_authority(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=far"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def script(caller: Caller) -> None:
        caller.begin()
        caller.chunk(TONE)
        caller.wait_for_hang_up()

    with fault_server(script, context=context) as server:
        with pytest.raises(EngineError, match=r"cannot be trusted: .* parameters.ca"):
            loaded(spec_of(server.url)).say(EngineRequest("Hello.", "nova"))
        with pytest.raises(EngineError, match=r"HTTP|hung up|does not"):
            loaded(spec_of(server.url.replace("https", "http"))).say(EngineRequest("Hello.", "nova"))
        server.left.clear()
        request = EngineRequest("Hello.", "nova")
        chunks = loaded(spec_of(server.url, ca=str(certificate))).engine.stream(request)
        assert next(chunks).samples.size == len(TONE) // 2
        threading.Timer(0.1, request.cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            next(chunks)
        assert time.monotonic() - began < 0.3 and server.left.wait(1)


def test_a_dead_server_is_told_while_speaking() -> None:
    url = f"http://127.0.0.1:{dead_port()}"
    with pytest.raises(EngineError, match=r"does not answer: connection refused; is it running\?"):
        loaded(spec_of(url)).say(EngineRequest("Hello.", "nova"))


@pytest.mark.parametrize(
    "parameters",
    [
        {}, {"url": "ftp://a"}, {"url": "http://a b"}, {"url": "http://me:secret@a"}, {"url": "http://a?x=secret"},
        {"url": "http://a:0"}, {"url": "http://"}, {"url": "http://a", "urll": 1}, {"url": "http://a", "api_key": "k"},
        {"url": "http://a", "rate": "x"}, {"url": "http://a", "extra": {"input": "x"}},
        {"url": "http://a", "voices": 1},
    ],
)  # fmt: skip
def test_a_wrong_entry_is_a_problem_and_not_a_crash(parameters: dict[str, Any]) -> None:
    spec = ModelSpec("far", "openai_remote", parameters=parameters)
    problem = OpenAIRemoteEngine.problem(spec)
    assert problem and "secret" not in problem
    assert OpenAIRemoteEngine.voices(spec) == []
    with pytest.raises(EngineError):
        loaded(spec)


def test_refuses_a_device_that_it_cannot_use() -> None:
    with pytest.raises(EngineError, match="cuda"):
        OpenAIRemoteEngine().load(spec_of("http://127.0.0.1:9"), "cuda")
