"""Gains that stay the same through a response, and what is learnt from it."""

from pathlib import Path

import numpy as np
import pytest
from fault_models import fault_registry

from wyoming_openspeakers.engines.base import Samples
from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile
from wyoming_openspeakers.models.voices import ChosenVoice, VoiceCatalog
from wyoming_openspeakers.speech.audio.voice_loudness import VoiceLoudness
from wyoming_openspeakers.speech.leveling import Leveling

RATE = 16000


def voice(loudness: float | None = None) -> ChosenVoice:
    entry = ModelEntry(engine="faults.engine", voice="plain", loudness=loudness)
    registry = Registry(RegistryFile(models={"fault": entry}), [Path("/nonexistent")], Path("/nonexistent"))
    return VoiceCatalog(registry).default()


def tone(seconds: float, level: float = 0.05) -> Samples:
    wave: Samples = (level * np.sin(np.arange(int(RATE * seconds)) * 0.3)).astype(np.float32)
    return wave


async def test_without_a_target_nothing_changes() -> None:
    leveling = Leveling(None)
    await leveling.start()
    levels = leveling.response()
    levels.hear(voice(), tone(8), RATE)
    levels.learn()
    assert levels.gain(voice(-30)) == 1.0
    await leveling.stop()


async def test_the_expected_loudness_counts_until_the_voice_was_heard() -> None:
    leveling = Leveling(VoiceLoudness(None, target=-20))
    assert leveling.response().gain(voice()) == 1.0
    assert leveling.response().gain(voice(-26)) == pytest.approx(10 ** (6 / 20))


async def test_a_response_keeps_its_gain_while_another_teaches() -> None:
    leveling = Leveling(VoiceLoudness(None, target=-20))
    first, second = leveling.response(), leveling.response()
    before = first.gain(voice(-20))
    for _ in range(8):
        second.hear(voice(-20), tone(1), RATE)
    second.learn()
    await leveling.stop()
    assert first.gain(voice(-20)) == before == pytest.approx(1.0)
    assert leveling.response().gain(voice(-20)) > 1.5


async def test_what_was_heard_without_being_learnt_is_forgotten() -> None:
    leveling = Leveling(VoiceLoudness(None, target=-20))
    leveling.response().hear(voice(), tone(8), RATE)
    await leveling.stop()
    assert leveling.response().gain(voice()) == 1.0


async def test_stopping_waits_until_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "loudness.json"
    leveling = Leveling(VoiceLoudness(path, target=-20))
    levels = leveling.response()
    levels.hear(voice(), tone(8), RATE)
    levels.learn()
    await leveling.stop()
    assert '"fault"' in path.read_text()
    again = Leveling(VoiceLoudness(path, target=-20))
    await again.start()
    assert again.response().gain(voice()) == leveling.response().gain(voice()) != 1.0


async def test_speakers_of_a_voice_are_measured_apart() -> None:
    chosen = VoiceCatalog(fault_registry(fault={})).default()
    anna, otto = (ChosenVoice(chosen.installed, chosen.engine_voice, speaker) for speaker in ("anna", "otto"))
    leveling = Leveling(VoiceLoudness(None, target=-20))
    levels = leveling.response()
    levels.hear(anna, tone(8, 0.02), RATE)
    levels.hear(otto, tone(8, 0.5), RATE)
    levels.learn()
    await leveling.stop()
    assert leveling.response().gain(anna) > 1 > leveling.response().gain(otto)
