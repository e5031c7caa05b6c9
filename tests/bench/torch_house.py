"""A service inside this process, with large models on PyTorch, to measure how they share memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from bench.setup import Setup
from tiny_models import large_vits

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.models.manager import Turn
from wyoming_openspeakers.models.registry import load_registry_file
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.worker.protocol import Speak

MANY_WORDS = "the quick brown fox jumps over the lazy dog and the cat looks on from the window sill "


def checkpoints(setup: Setup, gigabytes: float, names: Sequence[str]) -> dict[str, Path]:
    """Models of that size with random weights, by their names."""
    import transformers

    transformers.logging.disable_progress_bar()
    return {name: large_vits(_folder(setup, name), gigabytes) for name in names}


def _folder(setup: Setup, name: str) -> Path:
    folder = setup.folder / "models" / name
    folder.mkdir(parents=True)
    return folder


@asynccontextmanager
async def torch_house(setup: Setup, models: Sequence[str], **flags: Any) -> AsyncIterator[Service]:
    """A service without fronts that has these models and no others."""
    entries: dict[str, Any] = {name: {"enabled": False} for name in load_registry_file(None).models}
    entries |= {name: {"engine": "transformers", "device": "cpu", "languages": ["en"]} for name in models}
    file = setup.folder / "models.yaml"
    file.write_text(json.dumps({"models": entries}), encoding="utf-8")
    config = load_config(
        flags={
            "data_dir": str(setup.folder / "data"),
            "models.folder": str(setup.folder / "models"),
            "models.keep_alive": -1,
            "cache.enabled": False,
            "http.address": "",
            **{name.replace("__", "."): value for name, value in flags.items()},
        }
    )
    service = Service(config, file)
    # What is ready at the start is what a measurement asks for, and nothing else.
    await service.speech.start()
    try:
        yield service
    finally:
        await service.speech.stop()
        await service.manager.stop()


async def say(service: Service, model: str, text: str, turn: Turn) -> float:
    """Speak one segment with a model; seconds of audio."""
    voice = service.manager.catalog.find(model)
    assert voice is not None, f"{model} has no voice"
    speak = Speak(0, model, text, voice.engine_voice)
    async with aclosing(service.manager.speak(speak, turn)) as chunks:
        return sum([len(audio.samples) / audio.rate async for audio in chunks])


def family_memory() -> int:
    """Bytes that the workers of this process take, without what they only map from files."""
    total = 0
    for child in psutil.Process().children(recursive=True):
        try:
            info = child.memory_info()
            total += info.rss - info.shared
        except psutil.NoSuchProcess:
            continue
    return total
