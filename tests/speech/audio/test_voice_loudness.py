"""Learning how loud voices are."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from wyoming_openspeakers.speech.audio.loudness import LoudnessMeter
from wyoming_openspeakers.speech.audio.voice_loudness import VoiceLoudness


def heard(lufs: float, seconds: float) -> LoudnessMeter:
    """A meter that heard so much at this loudness."""
    meter = LoudnessMeter(8000)
    time = np.arange(round(8000 * (seconds + 0.3))) / 8000
    meter.feed((10 ** ((lufs + 3.01) / 20) * np.sin(2 * np.pi * 997 * time)).astype(np.float32))
    return meter


def decibels(gain: float) -> float:
    return float(20 * np.log10(gain))


def test_a_known_voice_comes_to_the_target() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None, target=-20)
        await voices.learn("piper", "joe", heard(-26, 7))

        assert decibels(voices.gain("piper", "joe")) == pytest.approx(6, abs=0.1)
        assert voices.gain("piper", "joe") * 10 ** (-26 / 20) == pytest.approx(0.1, rel=0.02)

    asyncio.run(check())


def test_gain_is_bounded_both_ways() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None, max_gain_db=12)
        await voices.learn("a", "quiet", heard(-50, 7))
        await voices.learn("b", "loud", heard(-4, 7))

        assert decibels(voices.gain("a", "quiet")) == pytest.approx(12)
        assert decibels(voices.gain("b", "loud")) == pytest.approx(-12)

    asyncio.run(check())


def test_a_voice_changes_its_gain_once_in_its_life() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None, seconds_needed=6)
        gains = []
        for lufs in (-30, -24, -27, -10, -40):
            gains.append(voices.gain("piper", "joe"))
            await voices.learn("piper", "joe", heard(lufs, 2.5))
        gains.append(voices.gain("piper", "joe"))

        assert gains[:3] == [1, 1, 1]
        assert decibels(gains[3]) == pytest.approx(6.4, abs=0.3)
        assert gains[3:] == [gains[3]] * 3
        assert not voices.needs("piper", "joe")

    asyncio.run(check())


def test_a_response_keeps_its_gain_while_others_teach() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None)
        gain = voices.for_response()
        before = gain("piper", "joe", None)
        await voices.learn("piper", "joe", heard(-26, 7))

        assert gain("piper", "joe", None) == before == 1
        assert voices.for_response()("piper", "joe", None) == pytest.approx(2, rel=0.02)

    asyncio.run(check())


def test_an_expected_loudness_holds_until_the_voice_is_measured() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None)
        await voices.learn("piper", "amy", heard(-24, 7))
        assert decibels(voices.gain("piper", "joe", -25)) == pytest.approx(5, abs=0.1)

        await voices.learn("piper", "joe", heard(-26, 7))
        assert decibels(voices.gain("piper", "joe", -25)) == pytest.approx(6, abs=0.3)

    asyncio.run(check())


def test_an_unknown_voice_sounds_like_its_model() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None)
        await voices.learn("piper", "joe", heard(-26, 7))
        await voices.learn("piper", "amy", heard(-24, 7))

        assert decibels(voices.gain("piper", "new")) == pytest.approx(5, abs=0.1)
        assert voices.gain("kokoro", "new") == 1
        assert voices.needs("piper", "new")

    asyncio.run(check())


def test_silence_teaches_nothing() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None)
        meter = LoudnessMeter(8000)
        meter.feed(np.zeros(80000, np.float32))
        await voices.learn("piper", "joe", meter)

        assert voices.gain("piper", "joe") == 1

    asyncio.run(check())


def test_what_was_learnt_outlives_a_restart(tmp_path: Path) -> None:
    async def check() -> None:
        path = tmp_path / "loudness.json"
        first = VoiceLoudness(path)
        await first.start()
        await asyncio.gather(*(first.learn("m", name, heard(-25, 4)) for name in "abc"))
        second = VoiceLoudness(path)
        await second.start()
        await second.learn("m", "a", heard(-25, 4))

        assert decibels(second.gain("m", "a")) == pytest.approx(5, abs=0.1)

    asyncio.run(check())

    assert [file.name for file in tmp_path.iterdir()] == ["loudness.json"]


@pytest.mark.parametrize(
    "content",
    ["", "[", "[]", '{"m": {"a": {"lufs": "loud", "seconds": 9}}}', '{"m": {"a": {"lufs": NaN, "seconds": 9}}}'],
)
def test_a_damaged_file_is_a_fresh_start(tmp_path: Path, content: str) -> None:
    async def check() -> None:
        path = tmp_path / "loudness.json"
        path.write_text(content)
        voices = VoiceLoudness(path)
        await voices.start()
        assert voices.gain("m", "a") == 1
        await voices.learn("m", "a", heard(-26, 7))

        assert json.loads(path.read_text())["m"]["a"]["lufs"] == pytest.approx(-26, abs=0.1)

    asyncio.run(check())


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        voices = VoiceLoudness(tmp_path / "missing" / "loudness.json")
        await voices.start()
        await voices.learn("m", "a", heard(-26, 7))

        assert decibels(voices.gain("m", "a")) == pytest.approx(6, abs=0.1)

    asyncio.run(check())

    assert "Cannot keep" in caplog.text


def test_a_forgotten_voice_is_measured_again() -> None:
    async def check() -> None:
        voices = VoiceLoudness(None)
        await voices.learn("m", "a", heard(-26, 7))
        await voices.forget("m", "a")

        assert voices.needs("m", "a")
        assert voices.gain("m", "a") == 1

    asyncio.run(check())
