"""What every response is made with."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import Config
from ..events import EventBus
from ..models.manager import ModelManager
from .cache import PhraseCache
from .choose import VoiceChooser
from .leveling import Leveling
from .recording import Recorder
from .speakable import Speakable


@dataclass(frozen=True)
class SpeechParts:
    """The service's own collaborators, the same for all requests."""

    config: Config
    manager: ModelManager
    chooser: VoiceChooser
    speakable: Speakable
    cache: PhraseCache
    leveling: Leveling
    bus: EventBus
    recorder: Recorder | None = None
