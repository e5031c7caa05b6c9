"""All checks, in the order in which they run: what damages a copy of the files last, in a process that has served.

Memory comes right after loading: only of a process that has done nothing else can be told what the model takes.
"""

from __future__ import annotations

from ..check import Check
from .cancelling import CANCEL, CANCEL_BEFORE
from .declaring import DECLARATION, LIGHT, VOICES
from .files import DAMAGED, MISSING
from .keeping import MEMORY, PARK
from .loading import DEVICE, LOAD
from .parameters import DEFAULTS, PARAMETERS
from .refusing import EMPTY_TEXT, LONG_TEXT, UNKNOWN_SPEAKER, UNKNOWN_VOICE
from .speaking import EVERY_VOICE, REFERENCE, SEED_HOLDS, SOUND, SPEED
from .streaming import FIRST_CHUNK, STREAM_IS_WHOLE
from .together import TOGETHER

CHECKS: tuple[Check, ...] = (
    DECLARATION,
    LIGHT,
    VOICES,
    LOAD,
    MEMORY,
    DEVICE,
    SOUND,
    EMPTY_TEXT,
    UNKNOWN_VOICE,
    UNKNOWN_SPEAKER,
    PARAMETERS,
    SEED_HOLDS,
    DEFAULTS,
    SPEED,
    EVERY_VOICE,
    REFERENCE,
    STREAM_IS_WHOLE,
    FIRST_CHUNK,
    TOGETHER,
    CANCEL_BEFORE,
    CANCEL,
    LONG_TEXT,
    PARK,
    DAMAGED,
    MISSING,
)
