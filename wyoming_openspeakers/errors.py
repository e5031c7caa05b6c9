"""What can go wrong, once for all fronts: each error has a code, an HTTP status and an exit status."""

from __future__ import annotations

from typing import ClassVar


class SpeechError(Exception):
    """Base of every error that a user is told; its text says what to do."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1


class ConfigError(SpeechError):
    """A wrong key or value in a configuration file, the environment or a flag."""

    code = "config"
    exit_code = 2


class InvalidRequest(SpeechError):
    """The request itself is wrong."""

    code = "invalid-request"
    http_status = 400
    exit_code = 2

    def __init__(self, text: str, param: str | None = None) -> None:
        super().__init__(text)
        self.param = param
        """What of the request is wrong, where that can be told."""


class Unauthorized(SpeechError):
    """The key is missing or wrong."""

    code = "invalid-api-key"
    http_status = 401


class NotAllowed(SpeechError):
    """Whoever asks may not, from where they ask."""

    code = "not-allowed"
    http_status = 403


class NotFound(SpeechError):
    """There is nothing of this name."""

    code = "not-found"
    http_status = 404


class Conflict(SpeechError):
    """It does not go with how things are."""

    code = "conflict"
    http_status = 409


class TooLarge(InvalidRequest):
    """More than the service takes."""

    code = "too-large"
    http_status = 413


class UnsupportedMedia(InvalidRequest):
    """A kind of content that the service does not read."""

    code = "unsupported-media"
    http_status = 415


class BadAudio(InvalidRequest):
    """A recording that cannot be used."""

    code = "bad-audio"
    http_status = 422


class TextTooLong(InvalidRequest):
    """More text than the service accepts."""

    code = "text-too-long"
    http_status = 413


class UnknownVoice(SpeechError):
    """No such voice."""

    code = "unknown-voice"
    http_status = 404
    exit_code = 2


class UnknownModel(SpeechError):
    """No such model."""

    code = "unknown-model"
    http_status = 404
    exit_code = 2


class ModelUnavailable(SpeechError):
    """The model exists but cannot be used on this machine as it is."""

    code = "model-unavailable"
    http_status = 409


class ModelFilesError(SpeechError):
    """A model's files could not be fetched, verified or removed."""

    code = "model-files"
    http_status = 502


class OutOfMemory(SpeechError):
    """The model, or what it was asked to say, does not fit into the memory that is left."""

    code = "out-of-memory"
    http_status = 503


class EnvironmentFailed(SpeechError):
    """An engine's environment could not be made, tested or removed."""

    code = "environment"
    http_status = 500


class Busy(SpeechError):
    """Too much is waiting already."""

    code = "busy"
    http_status = 429

    def __init__(self, text: str, retry_after: float = 1.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        """Seconds after which another try makes sense."""


class Timeout(SpeechError):
    """A deadline passed: waiting for a turn, for the model or for audio."""

    code = "timeout"
    http_status = 504


class SynthesisFailed(SpeechError):
    """The engine or its worker process failed."""

    code = "synthesis-failed"
    http_status = 500


class RemoteUnreachable(SpeechError):
    """The server that a model speaks through does not answer."""

    code = "remote-unreachable"
    http_status = 503


class RemoteFailed(SpeechError):
    """The server that a model speaks through refused, broke off or sent what nobody can use."""

    code = "remote-failed"
    http_status = 502


class Stopped(SpeechError):
    """Somebody has stopped what was being spoken."""

    code = "stopped"
    http_status = 409


class ShuttingDown(SpeechError):
    """The service is stopping."""

    code = "shutting-down"
    http_status = 503
