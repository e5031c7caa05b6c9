"""Channels and levels of what is decoded, and the bounds of the process that does it."""

from __future__ import annotations

import io
import struct
import subprocess
import sys

import numpy as np
import pytest
from recordings import RATE, recording, speech, wav

from wyoming_openspeakers.models.profiles.decoding import decode


def stereo(left: float, right: float) -> bytes:
    voice = speech(3)
    return wav(np.stack((left * voice, right * voice), axis=1).ravel(), RATE, 2)


def rms(data: bytes) -> float:
    return float(np.sqrt(np.mean(np.square(decode(io.BytesIO(data), 30).samples))))


@pytest.mark.parametrize(("left", "right"), [(1, 1), (1, 0), (0, 1), (1, -1)])
def test_no_voice_is_lost_between_two_channels(left: float, right: float) -> None:
    assert rms(stereo(left, right)) == pytest.approx(rms(wav(speech(3))), rel=0.05)


def test_clipping_is_counted() -> None:
    clean, loud = (decode(io.BytesIO(wav(speech(3, level=level))), 30).clipped for level in (0.3, 20))
    assert clean == 0 and loud > 0.1


@pytest.mark.parametrize(
    ("harm", "signal_or_error"),
    [
        ("x = bytearray(2**31)", "MemoryError"),
        ("x = [open('/dev/null') for _ in range(40)]", "Too many open files"),
        ("open(sys.argv[1], 'wb').write(bytes(20_000_000))", "File too large"),
    ],
)
def test_the_process_that_reads_is_bounded(tmp_path, harm: str, signal_or_error: str) -> None:  # type: ignore[no-untyped-def]
    code = f"import sys; from wyoming_openspeakers.models.profiles.reading import limit; limit(30); {harm}"
    command = [sys.executable, "-c", code, str(tmp_path / "big")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0 and signal_or_error in ended.stderr


def test_nothing_of_the_service_is_in_the_process_that_reads() -> None:
    code = "import sys, wyoming_openspeakers.models.profiles.reading; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("wyoming_openspeakers.")} == {
        f"wyoming_openspeakers.models{part}"
        for part in ("", ".profiles", ".profiles.reading", ".profiles.decoding", ".profiles.quality")
    }
    assert not {"aiohttp", "pydantic"} & set(loaded)


def test_a_cover_picture_is_not_looked_at() -> None:
    picture = b"\x00image/png\x00\x03\x00" + b"\x89PNG\r\n\x1a\n" + bytes(500)
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\x00\x00" + picture
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    song = b"ID3\x03\x00\x00" + size + frame + recording("mp3", 3)
    assert len(decode(io.BytesIO(song), 30).samples) / 24_000 == pytest.approx(3, abs=0.1)
