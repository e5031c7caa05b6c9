"""Models with their real weights, wherever these are: they do all that is demanded, and their words are understood."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import at_hand
import numpy as np
import pytest
from bench.client import get_info, speak
from bench.house_talk import HOUSE_TALK
from bench.plain_words import plain_words
from bench.word_errors import word_error_rate

MODELS = at_hand.models()

CHECKED_ELSEWHERE = ("hibari", "kokoro", "piper")
"""With real weights already where every engine is checked."""

LINES = HOUSE_TALK[:5]

MISHEARD = 0.2
"""Of the words. A voice that works has a tenth of this, one that does not nearly 1; `script/bench asr` looks closer."""

_SLOW_MODEL = 3600
"""Seconds for a model of billions of weights on a processor."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings with which models are found where they are."""
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"models": {"paths": [str(folder) for folder in at_hand.folders()]}}), "utf-8")
    return path


@pytest.fixture(scope="module")
def recogniser(whisper_folder: Path) -> Any:
    """One who listens."""
    from bench.recogniser import Recogniser

    return Recogniser(whisper_folder)


def need(model: str, folder: Path) -> None:
    """Skip the test of a model that is not here."""
    if reason := at_hand.why_not(model, folder):
        pytest.skip(reason)


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.timeout(_SLOW_MODEL)
@pytest.mark.parametrize("model", MODELS)
def test_what_it_says_is_understood(
    model: str, config: Path, serve: Callable[..., Any], recogniser: Any, tmp_path: Path
) -> None:
    need(model, tmp_path)
    port = int(serve("--config", str(config)).uri.rpartition(":")[2])
    info = asyncio.run(get_info(port))
    voices = {voice.name: voice.languages for program in info.tts for voice in program.voices if voice.installed}
    voice = at_hand.english_voice(model, voices)
    if voice is None:
        pytest.skip(f"{model} speaks no English, and this recogniser knows nothing else")
    heard = []
    for line in LINES:
        spoken = asyncio.run(speak(port, line.written, voice, patience=_SLOW_MODEL))
        samples = np.frombuffer(spoken.pcm, "<i2").astype(np.float32) / 32768
        heard.append(recogniser.hear(samples, spoken.rate))
    pairs = [(plain_words(line.spoken), plain_words(words)) for line, words in zip(LINES, heard, strict=True)]
    assert word_error_rate(pairs) < MISHEARD, heard


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.timeout(_SLOW_MODEL)
@pytest.mark.parametrize("model", [model for model in MODELS if model not in CHECKED_ELSEWHERE])
def test_it_does_what_is_demanded(model: str, config: Path, tmp_path: Path) -> None:
    need(model, tmp_path)
    command = [sys.executable, "-m", "wyoming_openspeakers", "engines", "check", model]
    options = ["--config", str(config), "--data-dir", str(tmp_path / "data"), "--patience", "5"]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
