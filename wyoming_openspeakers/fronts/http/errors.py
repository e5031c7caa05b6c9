"""The one place where an error becomes an answer."""

from __future__ import annotations

import json
import math
from typing import Any

from aiohttp import web

from ...errors import Busy, InvalidRequest, NotFound, SpeechError, TooLarge, Unauthorized, UnknownModel, UnknownVoice

OPENAI_PREFIX = "/v1/"

_OPENAI_CODES: dict[type[SpeechError], str] = {
    Unauthorized: "invalid_api_key",
    UnknownModel: "model_not_found",
    Busy: "rate_limit_exceeded",
}
"""Codes that clients of that service look for; the others are ours, in its spelling."""

_PARAMETERS: dict[type[SpeechError], str] = {UnknownModel: "model", UnknownVoice: "voice"}


def answer_to(error: SpeechError, path: str) -> web.Response:
    """What a client is told."""
    status = error.http_status
    body = _openai(error) if path.startswith(OPENAI_PREFIX) else _ours(error)
    headers = {}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json", headers=headers)


def error_of(refusal: web.HTTPException, path: str) -> SpeechError:
    """What aiohttp itself refuses, as an error of ours."""
    error = _STATUSES.get(refusal.status, InvalidRequest)(refusal.reason)
    if refusal.status == 404:
        error = NotFound(f"There is nothing at {path}; /docs lists what there is")
    return error


class MethodNotAllowed(InvalidRequest):
    """The path knows other methods."""

    code = "method-not-allowed"
    http_status = 405


class Unprocessable(InvalidRequest):
    """What was sent can be read, but is not what is asked for."""

    http_status = 422


class TooSlow(SpeechError):
    """The body does not come."""

    code = "too-slow"
    http_status = 408


class NoSpace(SpeechError):
    """The disk is full, or nearly."""

    code = "no-space"
    http_status = 507


_STATUSES: dict[int, type[SpeechError]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}


def _ours(error: SpeechError) -> dict[str, Any]:
    return {"detail": str(error), "code": error.code, "param": getattr(error, "param", None)}


def _openai(error: SpeechError) -> dict[str, Any]:
    kind = type(error)
    code = next((code for known, code in _OPENAI_CODES.items() if issubclass(kind, known)), error.code)
    param = getattr(error, "param", None) or _PARAMETERS.get(kind)
    return {
        "error": {
            "message": str(error),
            "type": "server_error" if error.http_status >= 500 else _type(error),
            "param": param,
            "code": code.replace("-", "_"),
        }
    }


def _type(error: SpeechError) -> str:
    return "rate_limit_error" if error.http_status == 429 else "invalid_request_error"
