"""What a worker says went wrong, as an error of the service."""

from __future__ import annotations

from wyoming.event import Event

from ...errors import (
    Busy,
    ModelUnavailable,
    OutOfMemory,
    RemoteFailed,
    RemoteUnreachable,
    SynthesisFailed,
    Timeout,
    UnknownVoice,
)
from ...worker import protocol


def error_of(event: Event) -> Exception:
    """The error that a worker's answer tells of."""
    text = event.data["text"]
    match event.data.get("code"):
        case "unknown_voice":
            return UnknownVoice(text)
        case protocol.STUCK | "timeout":
            return Timeout(text)
        case "busy":
            return Busy(text)
        case protocol.OUT_OF_MEMORY:
            return OutOfMemory(text)
        case "remote_unreachable":
            return RemoteUnreachable(text)
        case "remote_failed":
            return RemoteFailed(text)
        case "model_missing" | "package_missing" | "bad_parameter":
            return ModelUnavailable(text)
        case _:
            return SynthesisFailed(text)
