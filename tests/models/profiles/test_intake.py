"""Recordings of every kind become one form; what is none, or is made to do harm, is refused in bounds."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import stat
import struct
import time
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import recordings
from managed import until
from recordings import RATE, coded, recording, speech, wav

from wyoming_openspeakers.errors import BadAudio, TooLarge
from wyoming_openspeakers.models.profiles import intake
from wyoming_openspeakers.models.profiles.decoding import Refused, decode
from wyoming_openspeakers.models.profiles.intake import Intake
from wyoming_openspeakers.models.profiles.profile import Sample
from wyoming_openspeakers.models.profiles.quality import check


async def take(tmp_path: Path, data: bytes, longest: float = 30, transcript: str = "") -> tuple[Sample, Path]:
    upload, folder = tmp_path / "upload", tmp_path / "samples"
    upload.write_bytes(data)
    folder.mkdir(exist_ok=True)
    sample = await Intake(longest).take(upload, folder, transcript=transcript, name="me.wav")
    return sample, folder / f"{sample.id}.wav"


@pytest.mark.parametrize("kind", ["vorbis", *(pytest.param(kind, marks=pytest.mark.slow) for kind in recordings.KINDS)])
async def test_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    sample, path = await take(tmp_path, recording(kind))
    assert (sample.rate, sample.name) == (24_000, "me.wav") and 5.5 < sample.seconds < 6.1
    with wave.open(str(path)) as sound:
        assert sound.getparams()[:3] == (1, 2, 24_000)
        pcm = np.frombuffer(sound.readframes(10**7), "<i2")
    assert len(pcm) == round(sample.seconds * 24_000)
    assert 20_000 > np.abs(pcm).max() > 5000
    spectrum = np.abs(np.fft.rfft(pcm))
    # 4 Hz of syllables and the 1.3 s of a phrase surround the voice's 150 Hz.
    assert abs(spectrum.argmax() * 24_000 / len(pcm) - 150) < 6


@pytest.mark.slow
async def test_nobody_else_can_read_what_is_kept(tmp_path: Path) -> None:
    _, path = await take(tmp_path, wav(speech()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.slow
async def test_the_same_recording_has_the_same_digest(tmp_path: Path) -> None:
    one, _ = await take(tmp_path, wav(speech()))
    same, _ = await take(tmp_path, wav(speech()))
    other, _ = await take(tmp_path, wav(speech(7)))
    assert one.digest == same.digest != other.digest and one.id != same.id


def _hours_of_silence() -> bytes:
    return coded(np.zeros(RATE * 90, np.float32), RATE, "flac", "flac", "s16")


def _claims(size: int) -> bytes:
    data = bytearray(wav(speech()))
    data[4:8] = struct.pack("<I", min(size + 36, 2**32 - 1))
    data[40:44] = struct.pack("<I", size)
    return bytes(data)


def _video() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=1)
        stream.width = stream.height = 4000
        stream.pix_fmt = "yuv420p"
        output.mux(stream.encode(av.VideoFrame(4000, 4000, "yuv420p")))
        output.mux(stream.encode(None))
    return file.getvalue()


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("speech.wav", wav(speech(2)))
    return file.getvalue()


def _changed(kind: str) -> bytes:
    return recording(kind)[:20_000] + np.random.default_rng(1).bytes(30_000)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"Hello, I am a voice.\n" * 1000,
    "random": lambda: np.random.default_rng(3).bytes(200_000),
    "zip": _zip,
    "gzip": lambda: gzip.compress(wav(speech(2))),
    "playlist": lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n",
    "playlist of files": lambda: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "concat": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "subtitles": lambda: b"1\n00:00:00,000 --> 00:00:10,000\nHello\n",
    "sdp": lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "dash": lambda: (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file:///etc/</BaseURL></MPD>'
    ),
    "png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(5000),
    "video": _video,
    "header alone": lambda: wav(np.zeros(0, np.float32)),
    "header of 4 GB": lambda: _claims(2**32 - 100),
    "truncated wav": lambda: wav(speech(10))[:400_000],
    "truncated flac": lambda: recording("flac", 10)[:100_000],
    "truncated m4a": lambda: recording("m4a")[:30_000],
    "rate of 1 GHz": lambda: wav(speech(3), 2**30),
    "rate of 100 Hz": lambda: wav(speech(3), 100),
    "forty channels": lambda: wav(speech(3), RATE, 40),
    "no numbers": lambda: coded(np.full(3 * RATE, np.nan, np.float32), RATE, "wav", "pcm_f32le", "flt"),
    "infinite": lambda: coded(np.full(3 * RATE, np.inf, np.float32), RATE, "wav", "pcm_f32le", "flt"),
    "silence": lambda: wav(np.zeros(5 * RATE, np.float32)),
    "a click": lambda: wav(np.eye(1, 5 * RATE, RATE, dtype=np.float32)[0]),
    "whisper from afar": lambda: wav(speech(level=0.0008, noise=0.00001)),
    "a word": lambda: wav(speech(1.2)),
    "overdriven": lambda: wav(speech(level=20)),
}


FEW = {"empty", "playlist of files", "truncated flac", "a word"}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        check(decode(io.BytesIO(HOSTILE[name]()), 30))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in FEW else pytest.mark.slow) for name in HOSTILE]
)
async def test_who_sends_no_recording_is_told_so_in_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadAudio) as caught:
        await take(tmp_path, HOSTILE[name]())
    assert "\n" not in str(caught.value) and 15 < len(str(caught.value)) < 200
    assert list((tmp_path / "samples").iterdir()) == []


async def test_a_bomb_is_defused(tmp_path: Path) -> None:
    bomb = _hours_of_silence()
    assert len(bomb) < 50_000
    began = time.monotonic()
    with pytest.raises(TooLarge, match="longer than 30 s"):
        await take(tmp_path, bomb)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", [*recordings.KINDS, "vorbis"])
def test_every_kind_of_file_is_decoded(kind: str) -> None:
    samples = decode(io.BytesIO(recording(kind)), 30).samples
    assert len(samples) / 24_000 == pytest.approx(6, abs=0.1)
    assert 0.1 < np.abs(samples).max() < 1


@pytest.mark.parametrize("kind", ["mp3", "opus", "aac", "webm", "m4a", "flac"])
def test_damage_is_refused_or_survived(kind: str) -> None:
    try:
        checked = check(decode(io.BytesIO(_changed(kind)), 30))
    except Refused:
        return
    assert 0 < len(checked.samples) / 24_000 < 10


@pytest.mark.slow
async def test_an_unknown_length_as_streams_have_it_is_fine(tmp_path: Path) -> None:
    data = bytearray(wav(speech()))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    sample, _ = await take(tmp_path, bytes(data))
    assert 5.5 < sample.seconds < 6.1


@pytest.mark.slow
async def test_a_decoder_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_PROGRAM", "import time; time.sleep(60)")
    (tmp_path / "upload").write_bytes(b"x")
    began = time.monotonic()
    with pytest.raises(BadAudio, match="too long to read"):
        await Intake(30, patience=0.3).take(tmp_path / "upload", tmp_path)
    assert time.monotonic() - began < 3


async def test_who_gives_up_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_PROGRAM", "import time; time.sleep(60)")
    (tmp_path / "upload").write_bytes(b"x")
    before = _children()
    taking = asyncio.create_task(Intake(30).take(tmp_path / "upload", tmp_path))
    await until(lambda: _children() > before)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert _children() == before


def _children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("answer", ["", "nonsense", "{", "x" * 100_000])
async def test_a_decoder_that_was_taken_over_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(intake, "_PROGRAM", f"print({answer!r})")
    (tmp_path / "upload").write_bytes(b"x")
    with pytest.raises(BadAudio, match="cannot be read"):
        await Intake(30, patience=3).take(tmp_path / "upload", tmp_path)


@pytest.mark.slow
async def test_more_than_a_minute_is_cut_in_a_pause(tmp_path: Path) -> None:
    sample, path = await take(tmp_path, wav(speech(80, 16_000), 16_000), longest=100)
    assert 45 < sample.seconds <= 60
    assert any("first" in warning for warning in sample.warnings)
    with wave.open(str(path)) as sound:
        end = np.frombuffer(sound.readframes(10**7), "<i2")[-1200:]
    assert np.abs(end).max() < 300


@pytest.mark.slow
async def test_a_transcript_of_more_than_is_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="transcript"):
        await take(tmp_path, wav(speech(80, 16_000), 16_000), longest=100, transcript="much")
