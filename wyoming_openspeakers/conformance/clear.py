"""Whether an error says to its reader what is wrong, and is not just where a program fell over."""

from __future__ import annotations

import re

from ..errors import SpeechError
from .outcome import Failed, demand

_UNCAUGHT = re.compile(r"(^|: )[A-Za-z_.]*(Error|Exception|Exit|Interrupt|Failure|Fault): ?")
"""How a worker tells of an error that the engine did not expect."""

_FELL_OVER = "The engine failed with a "
_TRACES = ("Traceback", 'File "')
_LEAST, _MOST = 12, 800


def demand_clear(error: Exception, *names: str, when: str) -> str:
    """Fail unless an error is a sentence for people, with one of the names in it; the sentence."""
    text = str(error)
    if not isinstance(error, SpeechError):
        raise Failed(f"{when} the process fails: {text}")
    told = text.partition(" cannot be loaded: ")[2] or text
    demand(
        not told.startswith(_FELL_OVER) and not _UNCAUGHT.match(told),
        f"{when} an error comes through that the engine does not explain: {text}; raise EngineError with a sentence",
    )
    demand(not any(trace in told for trace in _TRACES), f"{when} the error is a traceback: {told[:80]}")
    demand(_LEAST <= len(told) <= _MOST, f"{when} the error has {len(told)} characters: {told[:80]}")
    named = not names or any(name and name.lower() in told.lower() for name in names)
    demand(named, f"{when} the error names none of {', '.join(names)}: {told}")
    return told
