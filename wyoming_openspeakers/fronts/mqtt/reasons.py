"""Why there is no connection, in a sentence that names what to change."""

from __future__ import annotations

import socket
import ssl

from .credentials import Credentials
from .troubles import Trouble

_WRONG_VERSION, _WRONG_NAME, _WRONG_PASSWORD, _NOT_ALLOWED, _BANNED = 132, 133, 134, 135, 138
_TAKEN_OVER = 142


def explain(error: Exception, credentials: Credentials, *, is_new: bool = False) -> Trouble:
    """Say what went wrong, with a connection that `is_new` or one that was held, and which setting is about it."""
    broker = credentials.broker
    code = getattr(error.__cause__, "rc", None) or getattr(error, "rc", None)
    if (reason := getattr(code, "value", None)) is not None:
        return _refused(int(reason), str(code), credentials, is_new=is_new)
    if str(error) == "Operation timed out":
        return Trouble(f"{broker} does not answer", other_version=True)
    # The library hides what the system said.
    cause = error.__context__ if isinstance(error.__context__, OSError) else error
    if isinstance(cause, ssl.SSLError):
        return _untrusted(cause, credentials)
    if isinstance(cause, socket.gaierror | UnicodeError):
        return Trouble(f"There is no host {credentials.host!r}; check mqtt.host")
    if isinstance(cause, TimeoutError):
        return Trouble(f"{broker} does not answer; check mqtt.host, mqtt.port and mqtt.tls")
    if isinstance(cause, ConnectionRefusedError):
        return Trouble(f"Nobody listens at {broker}; check mqtt.port, or start the broker")
    if isinstance(cause, OSError) and not isinstance(cause, ConnectionError):
        return Trouble(f"{broker} cannot be reached: {cause.strerror or cause}")
    if is_new:
        hint = "check mqtt.port and mqtt.tls" if credentials.tls else "if it wants TLS, set mqtt.tls"
        return Trouble(f"{broker} hangs up without an answer; {hint}", other_version=True)
    return Trouble(f"The connection to {broker} is lost")


def _refused(reason: int, text: str, credentials: Credentials, *, is_new: bool) -> Trouble:
    broker, user = credentials.broker, credentials.username
    if reason in (_WRONG_PASSWORD, _NOT_ALLOWED):
        if not user:
            return Trouble(f"{broker} wants a user: set mqtt.username and mqtt.password", lasts=True)
        return Trouble(f"{broker} refuses {user!r}: check mqtt.username and mqtt.password", lasts=True)
    if reason == _WRONG_VERSION:
        return Trouble(f"{broker} speaks another version of MQTT", other_version=True)
    if reason == _WRONG_NAME:
        return Trouble(f"{broker} refuses the name {credentials.client_id!r}: change mqtt.client_id", lasts=True)
    if reason == _TAKEN_OVER:
        return Trouble(f"Another client at {broker} is {credentials.client_id!r}: set mqtt.client_id", lasts=True)
    if reason == _BANNED:
        return Trouble(f"{broker} has banned {user or credentials.client_id!r}", lasts=True)
    return Trouble(f"{broker} refuses: {text}" if is_new else f"The connection to {broker} is lost ({text})")


def _untrusted(error: ssl.SSLError, credentials: Credentials) -> Trouble:
    broker = credentials.broker
    if not isinstance(error, ssl.SSLCertVerificationError):
        why = error.reason or str(error)
        return Trouble(f"{broker} does not talk TLS ({why}); check mqtt.port and mqtt.tls", lasts=True)
    why = error.verify_message
    if "mismatch" in why or "not valid for" in why:
        return Trouble(f"{broker} has a certificate for another name: set mqtt.host to its name. {why}", lasts=True)
    if "expired" in why or "not yet valid" in why:
        return Trouble(f"The certificate of {broker} is out of date: {why}", lasts=True)
    return Trouble(
        f"The certificate of {broker} is not trusted ({why}): set mqtt.tls_ca to the file of its authority", lasts=True
    )
