"""What there is to do once the service answers: tell Home Assistant, and fetch the models that the user wants."""

from __future__ import annotations

import json
import logging
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from urllib.parse import quote, urlsplit

from ..health import Unwell, ask
from .plan import Places
from .supervisor import Supervisor, SupervisorFailed

_LOGGER = logging.getLogger(__name__)
_LOOK_AGAIN = 0.5
_TRIES = 5
_TRY_AGAIN = 10.0


def wait_until_ready(uri: str, patience: float) -> bool:
    """Wait until the service answers; False when it does not."""
    deadline = time.monotonic() + patience
    while True:
        try:
            ask(uri)
        except Unwell as error:
            if time.monotonic() > deadline:
                _LOGGER.error("Home Assistant was not told of the service: it %s", error)
                return False
            time.sleep(_LOOK_AGAIN)
        else:
            return True


def tell_home_assistant(supervisor: Supervisor, uri: str, pause: float = _TRY_AGAIN) -> bool:
    """Have Home Assistant offer the service; the Supervisor may itself still be starting."""
    address = f"tcp://{socket.gethostname()}:{urlsplit(uri).port}"
    for tries_left in reversed(range(_TRIES)):
        try:
            supervisor.discover(address)
        except SupervisorFailed as error:
            if not tries_left:
                _LOGGER.error("Home Assistant does not know of %s: %s", address, error)
                return False
            _LOGGER.warning("%s; trying again", error)
            time.sleep(pause)
        else:
            _LOGGER.info("Home Assistant knows of %s", address)
            return True
    return False


def fetch_models(models: Sequence[str], places: Places) -> list[str]:
    """Begin to download models in the service; those that it refuses."""
    key = places.key.read_text(encoding="utf-8")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    refused = []
    for model in models:
        request = urllib.request.Request(
            f"http://127.0.0.1:{places.http.rpartition(':')[2]}/api/models/{quote(model)}/download",
            headers={"Authorization": f"Bearer {key}"},
            method="POST",
        )
        try:
            with opener.open(request, timeout=60):
                _LOGGER.info("Model %s is there, or is being downloaded", model)
        except urllib.error.HTTPError as error:
            with error:
                _LOGGER.error("Option models: %s: %s", model, _detail(error))
            refused.append(model)
        except (OSError, HTTPException) as error:
            _LOGGER.error("Option models: %s: %s", model, error)
            refused.append(model)
    return refused


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return f"status {error.code}"
