"""Home Assistant's Supervisor: it knows the MQTT broker, and tells Home Assistant of the service."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from ...errors import SpeechError

_PATIENCE = 10.0
_LARGEST = 1 << 20

SUPERVISOR = "http://supervisor"
TOKENS = ("SUPERVISOR_TOKEN", "HASSIO_TOKEN")
"""Variables in which an add-on gets its token, the old one last."""


class SupervisorFailed(SpeechError):
    """The Supervisor cannot be asked, or refuses."""

    code = "supervisor"


@dataclass(frozen=True)
class Broker:
    """An MQTT broker, and how to log in."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False


class Supervisor:
    """Asks the Supervisor, as the add-on that the token belongs to."""

    def __init__(self, token: str, url: str = SUPERVISOR) -> None:
        self._token = token
        self._url = url
        # It is beside us: a proxy for the world outside is of no use here.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @staticmethod
    def of(environment: Mapping[str, str], url: str = SUPERVISOR) -> Supervisor:
        """The Supervisor that started this add-on."""
        token = next(filter(None, (environment.get(name) for name in TOKENS)), "")
        return Supervisor(token, url)

    def broker(self) -> Broker:
        """The house's MQTT broker."""
        data = self._ask("GET", "/services/mqtt")
        try:
            return Broker(
                host=str(data["host"]),
                port=int(data["port"]),
                username=str(data.get("username") or ""),
                password=str(data.get("password") or ""),
                tls=bool(data.get("ssl")),
            )
        except (KeyError, ValueError, TypeError):
            raise SupervisorFailed("The Supervisor knows an MQTT broker, but not where it is") from None

    def discover(self, uri: str) -> None:
        """Have Home Assistant offer the Wyoming service at a URI."""
        self._ask("POST", "/discovery", {"service": "wyoming", "config": {"uri": uri}})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if not self._token:
            raise SupervisorFailed("There is no token for the Supervisor; is this an add-on?")
        request = urllib.request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with self._opener.open(request, timeout=_PATIENCE) as answer:
                told = json.loads(answer.read(_LARGEST))
            data = told.get("data") or {}
        except urllib.error.HTTPError as error:
            with error:
                raise SupervisorFailed(f"The Supervisor refuses {path}: {_reason(error)}") from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise SupervisorFailed(f"The Supervisor cannot be asked for {path}: {reason}") from None
        except (ValueError, AttributeError):
            raise SupervisorFailed(f"The Supervisor's answer to {path} makes no sense") from None
        if not isinstance(data, dict):
            raise SupervisorFailed(f"The Supervisor's answer to {path} makes no sense")
        return data


def _reason(error: urllib.error.HTTPError) -> str:
    """What it says; its status where it says nothing."""
    try:
        return str(json.loads(error.read(_LARGEST))["message"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return f"status {error.code}"
