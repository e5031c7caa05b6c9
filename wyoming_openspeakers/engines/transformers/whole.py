"""Models that make the sound of a piece of text at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from ..base import EngineRequest, Samples
from ..torch.family import Family


class WholeFamily(Family):
    """A model in memory that is heard when a piece of text is whole."""

    @abstractmethod
    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        """Say a piece of a request's text; empty where there is nothing to say."""
