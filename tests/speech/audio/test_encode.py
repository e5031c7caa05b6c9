"""Formats as clients get them: whole, early, and as long as the audio."""

from __future__ import annotations

import asyncio
import io
import struct
import subprocess
import sys
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.audio import encode
from wyoming_openspeakers.speech.audio.encode import HTTP_RATE, Encoder, decoded, encoded
from wyoming_openspeakers.speech.audio.formats import FORMATS, AudioFormat

Signal = npt.NDArray[np.float64]

CONTAINERS: Final = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav"}
IN_CONTAINERS: Final[tuple[AudioFormat, ...]] = ("mp3", "opus", "aac", "flac", "wav")
COMPRESSED: Final[tuple[AudioFormat, ...]] = ("mp3", "opus", "aac", "flac")
LOSSY: Final[tuple[AudioFormat, ...]] = ("mp3", "opus", "aac")
RATES: Final = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

LAG: Final = {"mp3": 0.065, "opus": 0.05, "aac": 0.06, "flac": 0.04}
"""Seconds of audio that a stream may hold back."""


def speech(rate: int, seconds: float) -> Signal:
    """A voice saying a row of vowels, loud from the first sample on."""
    time = np.arange(round(rate * seconds)) / rate
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * time) + 3 * np.sin(2 * np.pi * 5 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    formants = ((600 + 200 * np.sin(2 * np.pi * 1.3 * time), 90), (1500 + 500 * np.sin(2 * np.pi * 0.9 * time), 130))
    voice = np.zeros_like(time)
    for harmonic in range(1, 25):
        heights = (1 / (1 + ((harmonic * pitch - centre) / width) ** 2) for centre, width in formants)
        voice += sum(heights) * np.sin(harmonic * phase) * (harmonic * 200 < rate)
    syllables: Signal = 0.55 + 0.45 * np.cos(2 * np.pi * 3 * time)
    voice *= syllables
    return np.asarray(0.5 * voice / np.abs(voice).max(), np.float64)


def pcm_of(signal: Signal) -> bytes:
    return np.rint(signal * 32767).astype("<i2").tobytes()


def whole(kind: AudioFormat, rate: int, pcm: bytes, chunks: tuple[int, ...] = (4800,)) -> bytes:
    encoder = Encoder(kind, rate)
    return b"".join(map(encoder.feed, cut(pcm, chunks))) + encoder.finish()


def cut(pcm: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    """In chunks of these sizes, again and again."""
    place = number = 0
    while place < len(pcm):
        size = sizes[number % len(sizes)]
        yield pcm[place : place + size]
        place, number = place + size, number + 1


def played(data: bytes, kind: AudioFormat) -> tuple[Signal, int]:
    """What a player that is built on FFmpeg makes of a stream."""
    with av.open(io.BytesIO(data), "r", format=CONTAINERS[kind]) as container:
        resampler = av.AudioResampler(format="dbl", layout="mono")
        pieces = [piece.to_ndarray()[0] for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
        return np.concatenate([np.zeros(0), *pieces]), container.streams.audio[0].rate


def read_by_libsndfile(data: bytes) -> float:
    """Seconds of audio that it finds."""
    samples, rate = soundfile.read(io.BytesIO(data))
    return len(samples) / int(rate)


def aligned(signal: Signal, data: bytes, kind: AudioFormat, rate: int) -> tuple[Signal, Signal]:
    """The signal, and what is heard of it, at one rate and from the first sample on."""
    heard, heard_rate = played(data, kind)
    if heard_rate != rate:
        signal = resampled(signal, rate, heard_rate)
    heard = heard[lag_of(signal, heard, heard_rate // 30) :]
    length = min(len(signal), len(heard))
    return signal[:length], heard[:length]


def lag_of(signal: Signal, heard: Signal, most: int) -> int:
    """How many samples later the signal is heard."""
    size = 2 * max(len(signal), len(heard))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(signal, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[:most]))


def resampled(signal: Signal, rate: int, new_rate: int) -> Signal:
    soxr = pytest.importorskip("soxr")
    return np.asarray(soxr.resample(signal, rate, new_rate), np.float64)


def similarity(one: Signal, other: Signal) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def decibels(one: Signal, other: Signal) -> float:
    return float(10 * np.log10((one @ one) / (other @ other)))


def test_pcm_is_what_came() -> None:
    assert whole("pcm", HTTP_RATE, bytes(range(256)), (1, 2, 7)) == bytes(range(256))


def test_half_a_sample_waits_for_the_other_half() -> None:
    encoder = Encoder("pcm", HTTP_RATE)
    assert [encoder.feed(b"\1"), encoder.feed(b"\2\3"), encoder.finish()] == [b"", b"\1\2", b""]


@pytest.mark.slow
@pytest.mark.parametrize("kind", IN_CONTAINERS)
@settings(max_examples=15, deadline=None)
@given(
    rate=st.sampled_from(RATES),
    milliseconds=st.floats(1, 1500),
    chunks=st.lists(st.integers(1, 20_001), min_size=1, max_size=4).map(tuple),
)
@example(rate=24_000, milliseconds=1, chunks=(1,))
@example(rate=11_025, milliseconds=1, chunks=(1,))
@example(rate=22_050, milliseconds=20, chunks=(1, 2, 3))
@example(rate=24_000, milliseconds=20_000, chunks=(96_001,))
def test_a_stream_lasts_as_long_as_its_audio(
    kind: AudioFormat, rate: int, milliseconds: float, chunks: tuple[int, ...]
) -> None:
    samples = max(1, round(rate * milliseconds / 1000))
    tone = np.sin(np.arange(samples) * 2 * np.pi * 200 / rate) / 3
    encoder = Encoder(kind, rate)
    data = b"".join(map(encoder.feed, cut(pcm_of(tone), chunks))) + encoder.finish()
    heard, heard_rate = played(data, kind)
    # Players take MP3 for MP3 when they see two frames: 48 milliseconds.
    latest = 0.048 if kind == "mp3" and milliseconds < 18 else samples / rate + 0.03
    assert samples / rate - 0.006 <= len(heard) / heard_rate <= latest
    if kind != "aac":
        header = encoder.header()
        assert read_by_libsndfile(header + data[len(header) :]) == pytest.approx(len(heard) / heard_rate, abs=1e-9)


@pytest.mark.parametrize("kind", FORMATS)
def test_chunks_make_no_difference(kind: AudioFormat) -> None:
    pcm = pcm_of(speech(22_050, 0.6))
    assert whole(kind, 22_050, pcm, (1, 3, 2, 777)) == whole(kind, 22_050, pcm, (len(pcm),))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_lossless_formats_keep_every_sample(kind: AudioFormat, rate: int) -> None:
    pcm = pcm_of(speech(rate, 0.3))
    encoder = Encoder(kind, rate)
    data = encoder.feed(pcm) + encoder.finish()
    header = encoder.header()
    read, read_rate = soundfile.read(io.BytesIO(header + data[len(header) :]), dtype="int16", always_2d=True)
    assert (read.shape[1], read_rate) == (1, rate)
    assert read.tobytes() == pcm
    assert pcm_of(played(data, kind)[0] * 32768 / 32767) == pcm


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100])
@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_formats_sound_like_the_source(kind: AudioFormat, rate: int) -> None:
    signal = speech(rate, 2)
    source, heard = aligned(signal, whole(kind, rate, pcm_of(signal)), kind, rate)
    assert similarity(source, heard) > 0.99
    assert abs(decibels(source, heard)) < 0.5
    assert np.abs(heard).max() < 0.65


@pytest.mark.parametrize("kind", LOSSY)
def test_the_first_sound_is_whole(kind: AudioFormat) -> None:
    signal = speech(HTTP_RATE, 1)
    source, heard = aligned(signal, whole(kind, HTTP_RATE, pcm_of(signal)), kind, HTTP_RATE)
    for start, end in ((0, 480), (0, 1440), (0, 2400), (480, 2400)):
        assert similarity(source[start:end], heard[start:end]) > 0.97, (start, end)
        assert abs(decibels(source[start:end], heard[start:end])) < 1, (start, end)


@pytest.mark.parametrize("kind", LOSSY)
def test_the_last_sound_is_whole(kind: AudioFormat) -> None:
    """All but the last 6 milliseconds, wherever it ends in a frame."""
    for samples in range(9_600, 10_240, 70):
        signal = speech(HTTP_RATE, samples / HTTP_RATE)
        source, heard = aligned(signal, whole(kind, HTTP_RATE, pcm_of(signal)), kind, HTTP_RATE)
        assert len(source) >= (samples / HTTP_RATE - 0.0065) * 48_000
        assert similarity(source[-1440:], heard[-1440:]) > 0.95


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
@pytest.mark.parametrize("kind", COMPRESSED)
def test_sound_leaves_at_once(kind: AudioFormat, rate: int) -> None:
    pcm = pcm_of(speech(rate, 1))
    tenth = len(pcm) // 10
    encoder = Encoder(kind, rate)
    data = b""
    for number in range(1, 10):
        data += encoder.feed(pcm[(number - 1) * tenth : number * tenth])
        heard, heard_rate = played(data, kind)
        assert len(heard) / heard_rate >= number / 10 - LAG[kind], number
        assert float(np.sqrt(np.mean(heard**2))) > 0.02
    encoder.close()


@pytest.mark.parametrize("kind", IN_CONTAINERS)
def test_no_audio_is_a_file_that_can_be_opened(kind: AudioFormat) -> None:
    data = Encoder(kind, 22_050).finish()
    heard, rate = played(data, kind)
    assert len(heard) / rate <= 0.048
    assert not heard.any()
    if kind in {"mp3", "opus", "wav"}:
        assert read_by_libsndfile(data) == pytest.approx(len(heard) / rate)


def test_a_wav_stream_does_not_say_how_long_it_is() -> None:
    pcm = pcm_of(speech(HTTP_RATE, 0.2))
    data = whole("wav", HTTP_RATE, pcm)
    assert data[4:8] == data[40:44] == b"\xff\xff\xff\xff"
    assert data[44:] == pcm
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (HTTP_RATE, 1, 2)
        assert file.readframes(file.getnframes()) == pcm
    read, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert (read.tobytes(), rate) == (pcm, HTTP_RATE)
    with av.open(io.BytesIO(data), "r") as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == len(pcm) // 2


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("samples", [0, 1, 5000])
def test_a_finished_file_tells_its_length(kind: AudioFormat, samples: int) -> None:
    encoder = Encoder(kind, HTTP_RATE)
    pcm = pcm_of(speech(HTTP_RATE, 1))[: 2 * samples]
    data = encoder.feed(pcm) + encoder.finish()
    header = encoder.header()
    assert bool(header) == (kind in {"wav", "flac"})
    data = header + data[len(header) :]
    if kind == "wav":
        assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
        with wave.open(io.BytesIO(data)) as file:
            assert file.getnframes() == samples
    if header:
        read, rate = soundfile.read(io.BytesIO(data), dtype="int16")
        assert rate == HTTP_RATE
        assert read.tobytes()[: len(pcm)] == pcm
        assert len(read) == samples or (kind == "flac" and len(read) == max(samples, 72))


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000])
def test_opus_ends_on_the_sample(rate: int) -> None:
    data = whole("opus", rate, bytes(2 * 12_345))
    pages = [place for place in range(len(data)) if data[place : place + 4] == b"OggS"]
    (skipped,) = struct.unpack("<H", data[data.index(b"OpusHead") + 10 :][:2])
    (end,) = struct.unpack("<q", data[pages[-1] + 6 :][:8])
    assert end - skipped == pytest.approx(12_345 * 48_000 / rate, abs=1)
    assert [data[page + 5] & 4 for page in pages] == [0] * (len(pages) - 1) + [4]


def test_mp3_tells_players_its_length_by_its_size() -> None:
    data = whole("mp3", HTTP_RATE, pcm_of(speech(HTTP_RATE, 1)))
    frame = 96_000 // 8 * 1152 // 48_000
    assert len(data) % frame == 0
    assert {data[place : place + 2] for place in range(0, len(data), frame)} == {b"\xff\xfb"}
    assert b"Info" not in data and b"ID3" not in data


def test_the_main_process_stays_light() -> None:
    """The libraries come with the first stream that needs them."""
    code = (
        "import sys; from wyoming_openspeakers.speech.audio.encode import Encoder;"
        "[Encoder(kind, 24000).close() for kind in ('mp3', 'wav')]; assert 'av' not in sys.modules;"
        "Encoder('mp3', 24000).finish(); assert 'av' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMPRESSED)
def test_streams_that_are_left_leave_nothing(kind: AudioFormat) -> None:
    def leave(count: int) -> int:
        for _ in range(count):
            encoder = Encoder(kind, HTTP_RATE)
            encoder.feed(bytes(9600))
            encoder.close()
        return int(psutil.Process().memory_info().rss)

    assert leave(60) - leave(20) < 12 * 2**20


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMPRESSED)
def test_memory_does_not_grow_with_the_stream(kind: AudioFormat) -> None:
    encoder = Encoder(kind, HTTP_RATE)
    used = []
    for _ in range(20):
        for _ in range(60):
            encoder.feed(bytes(2 * HTTP_RATE))
        used.append(psutil.Process().memory_info().rss)
    encoder.finish()
    assert used[-1] - used[1] < 4 * 2**20


class Source:
    """Audio that comes when the test wants it to."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = chunks
        self.given = 0
        self.is_closed = False
        self.more = asyncio.Event()
        self.more.set()

    async def __call__(self) -> AsyncIterator[bytes]:
        try:
            for chunk in self._chunks:
                await self.more.wait()
                if isinstance(chunk, Exception):
                    raise chunk
                self.given += 1
                yield chunk
        finally:
            self.is_closed = True


@pytest.mark.parametrize("kind", FORMATS)
async def test_encoding_beside_the_loop_gives_the_same(kind: AudioFormat) -> None:
    pcm = pcm_of(speech(HTTP_RATE, 1.1))
    source = Source(pcm[:9], b"", pcm[9:30_001], pcm[30_001:])
    data = [data async for data in encoded(source(), kind, HTTP_RATE)]
    assert all(data)
    assert b"".join(data) == whole(kind, HTTP_RATE, pcm)
    assert source.is_closed


@pytest.mark.parametrize("kind", FORMATS)
async def test_each_chunk_is_heard_before_the_next_comes(kind: AudioFormat) -> None:
    source = Source(*[pcm_of(speech(HTTP_RATE, 0.1))] * 3)
    given = [source.given async for _ in encoded(source(), kind, HTTP_RATE)]
    assert given[:3] == [1, 2, 3]


@pytest.mark.parametrize("kind", ["pcm", "wav"])
async def test_what_takes_no_time_to_encode_is_not_cut(kind: AudioFormat) -> None:
    chunks = [pcm_of(speech(HTTP_RATE, seconds)) for seconds in (1.5, 0.1)]
    data = [data async for data in encoded(Source(*chunks)(), kind, HTTP_RATE)]
    assert [piece[-len(chunk) :] for piece, chunk in zip(data, chunks, strict=True)] == chunks


@pytest.mark.slow
async def test_a_long_chunk_does_not_keep_the_first_sound_back() -> None:
    async with aclosing(encoded(Source(pcm_of(speech(HTTP_RATE, 20)))(), "opus", HTTP_RATE)) as stream:
        heard, rate = played(await anext(stream), "opus")
    assert 0.1 < len(heard) / rate < 0.5


@pytest.mark.parametrize("kind", FORMATS)
async def test_what_goes_wrong_at_the_source_is_told(kind: AudioFormat) -> None:
    source = Source(bytes(9600), OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        async for _ in encoded(source(), kind, HTTP_RATE):
            pass
    assert source.is_closed


async def test_what_goes_wrong_in_the_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(encoder: Encoder, pcm: bytes) -> bytes:
        raise ValueError("broken")

    monkeypatch.setattr(Encoder, "feed", fail)
    source = Source(bytes(9600))
    with pytest.raises(ValueError, match="broken"):
        async for _ in encoded(source(), "mp3", HTTP_RATE):
            pass
    assert source.is_closed


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_listener_who_leaves_ends_it(kind: AudioFormat) -> None:
    source = Source(*[bytes(9600)] * 50)
    async with aclosing(encoded(source(), kind, HTTP_RATE)) as stream:
        await anext(stream)
    assert source.is_closed
    assert source.given == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_while_waiting_for_audio() -> None:
    source = Source(bytes(9600))
    source.more.clear()
    task = asyncio.create_task(anext(encoded(source(), "mp3", HTTP_RATE)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.is_closed


async def test_cancelled_while_encoding_waits_for_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    is_encoding, go_on = threading.Event(), threading.Event()
    told: list[str] = []

    def slow_feed(encoder: Encoder, pcm: bytes) -> bytes:
        is_encoding.set()
        go_on.wait(5)
        told.append("fed")
        raise ValueError("nobody asks")

    monkeypatch.setattr(Encoder, "feed", slow_feed)
    monkeypatch.setattr(Encoder, "close", lambda encoder: told.append("closed"))

    async def listen() -> None:
        async for _ in encode.encoded(Source(bytes(9600))(), "mp3", HTTP_RATE):
            pass

    task = asyncio.create_task(listen())
    await asyncio.to_thread(is_encoding.wait, 5)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["fed", "closed"]


@pytest.mark.parametrize("kind", FORMATS)
def test_stored_files_are_read_again(kind: AudioFormat, tmp_path: Path) -> None:
    signal = speech(HTTP_RATE, 1.1)
    path = tmp_path / f"a:b.{kind}"
    path.write_bytes(whole(kind, HTTP_RATE, pcm_of(signal)))
    pieces = list(decoded(path))
    assert {rate for rate, _ in pieces} == {HTTP_RATE}
    assert {len(pcm) for _, pcm in pieces[:-1]} == {12_000}
    heard = np.frombuffer(b"".join(pcm for _, pcm in pieces), "<i2") / 32767
    assert len(heard) / HTTP_RATE == pytest.approx(1.1, abs=0.03)
    # Half a sample earlier or later makes no difference to the ear, but to a comparison.
    signal, heard = resampled(signal, 1, 2), resampled(heard, 1, 2)
    lag = lag_of(signal, heard, HTTP_RATE // 15)
    assert similarity(signal[: 2 * HTTP_RATE], heard[lag : lag + 2 * HTTP_RATE]) > 0.99


def test_stored_files_keep_the_rate_that_they_tell(tmp_path: Path) -> None:
    pcm = pcm_of(speech(22_050, 0.5))
    path = tmp_path / "live.flac"
    path.write_bytes(whole("flac", 22_050, pcm))
    pieces = list(decoded(path))
    assert {rate for rate, _ in pieces} == {22_050}
    assert b"".join(piece for _, piece in pieces) == pcm


def test_a_file_is_not_read_before_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(whole("wav", HTTP_RATE, bytes(2 * HTTP_RATE * 60)))
    reading = decoded(path)
    assert len(next(reading)[1]) == 12_000
    reading.close()  # type: ignore[attr-defined]
    path.unlink()
