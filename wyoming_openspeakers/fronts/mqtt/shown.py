"""What there is to show in Home Assistant at one moment, and the topics that only it needs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from ...events import Gpu
from .choices import Choices
from .topics import Topics


@dataclass(frozen=True)
class Downloadable:
    """A model whose files come from the hub."""

    model: str
    name: str
    url: str
    is_installed: bool

    latest: str
    """The revision in the list of models."""

    @property
    def key(self) -> str:
        """It in the letters that Home Assistant allows in ids."""
        return safe(self.model)


@dataclass(frozen=True)
class ShownGpu:
    """A GPU, and which of its readings its driver tells."""

    index: int
    utilisation: bool = False
    temperature: bool = False
    power: bool = False

    @classmethod
    def of(cls, gpu: Gpu) -> ShownGpu:
        """It as it was read."""
        has = (reading is not None for reading in (gpu.utilisation, gpu.temperature, gpu.power))
        return cls(gpu.index, *has)


@dataclass(frozen=True)
class Shown:
    """All that the entities depend on; what changes more often has topics of its own."""

    voices: Choices = field(default_factory=Choices)
    models: Choices = field(default_factory=Choices)
    gpus: tuple[ShownGpu, ...] = ()
    downloadable: tuple[Downloadable, ...] = ()


class EntityTopics:
    """States in the words of Home Assistant's entities, where the others have them in the service's own."""

    def __init__(self, topics: Topics) -> None:
        base = f"{topics.base}/entity"
        self.base = base
        self.voice = f"{base}/voice"
        self.voice_set = f"{base}/voice/set"
        self.model = f"{base}/model"
        self.model_set = f"{base}/model/set"
        self.problem = f"{base}/problem"
        self._updates = f"{base}/update"

    def update(self, downloadable: Downloadable) -> str:
        """Which revision of a model is here."""
        return f"{self._updates}/{downloadable.key}"


def safe(name: str) -> str:
    """A name in `[A-Za-z0-9_-]`, still unlike any other: what is not allowed has its number."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: "__" if found[0] == "_" else f"_{ord(found[0]):x}_", name)


def slug(name: str) -> str:
    """A name as Home Assistant writes it in ids of entities; empty when no letter of it can be."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "_".join(re.findall(r"[a-z0-9]+", plain))
