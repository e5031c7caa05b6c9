"""Engines that have voices and can say nothing: for what is known of a model that was never loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from wyoming_openspeakers.engines.base import Audio, Engine, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.capabilities import Capabilities


class Mute(Engine):
    """Its voices are to be told."""

    capabilities = Capabilities(streaming=True, concurrency=1, mixing=True)

    def load(self, spec: ModelSpec, device: str) -> None:
        raise NotImplementedError

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        raise NotImplementedError

    def unload(self) -> None:
        raise NotImplementedError


def have(monkeypatch: pytest.MonkeyPatch, **engines: type[Engine]) -> None:
    """Make each of these an engine `pretend.NAME`."""
    for name, engine in engines.items():
        module = ModuleType(f"pretend.{name}")
        module.ENGINE = engine  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
