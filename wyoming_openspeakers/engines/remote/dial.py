"""Connect to a server: in a thread, because neither looking up a name nor connecting can be interrupted."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

from ..base import EngineError
from ..control import CancelFlag, Cancelled
from .address import Address
from .failure import UNREACHABLE, ServerFailed

PATIENCE = 3.0
"""Seconds that a connection may take, with looking up the name and agreeing on a cipher."""


def dial(address: Address, cancel: CancelFlag, context: ssl.SSLContext | None = None) -> socket.socket:
    """A connection; gives up at once when it is cancelled, and says in words why there is none."""
    attempt = _Attempt(address, context)
    forget = cancel.on_set(attempt.over.set)
    try:
        threading.Thread(target=attempt.run, name=f"connect to {address}", daemon=True).start()
        attempt.over.wait(PATIENCE)
    finally:
        forget()
    connection = attempt.take()
    if cancel:
        if connection:
            connection.close()
        raise Cancelled
    if connection:
        return connection
    raise unreachable(address, attempt.failure)


def unreachable(address: Address, failure: OSError | None) -> EngineError:
    """Why a server cannot be spoken to."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        reason = f"its certificate is not trusted ({failure.verify_message})"
        return ServerFailed(f"{address} cannot be trusted: {reason}; name its authority's file by parameters.ca")
    if isinstance(failure, ssl.SSLError):
        return ServerFailed(f"{address} does not speak TLS: {failure.reason or failure}; is it http?")
    if failure is None or isinstance(failure, TimeoutError):
        reason = f"nothing came within {PATIENCE:g} s"
    else:
        reason = (failure.strerror or str(failure) or type(failure).__name__).lower()
    return EngineError(f"{address} does not answer: {reason}; is it running?", UNREACHABLE)


class _Attempt:
    """A connection that is being made, which may come when nobody wants it any more."""

    def __init__(self, address: Address, context: ssl.SSLContext | None) -> None:
        self._address = address
        self._context = context
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._is_left = False
        self.over = threading.Event()
        self.failure: OSError | None = None

    def run(self) -> None:
        try:
            connection = self._connect()
        except OSError as error:
            self.failure = error
        except (ValueError, UnicodeError) as error:
            # A name that cannot be one.
            self.failure = OSError(str(error))
        else:
            with self._lock:
                if self._is_left:
                    connection.close()
                else:
                    self._connection = connection
        self.over.set()

    def take(self) -> socket.socket | None:
        """The connection, if it is there; who comes later is hung up on."""
        with self._lock:
            self._is_left = True
            return self._connection

    def _connect(self) -> socket.socket:
        address = self._address
        if address.scheme == "unix":
            local = socket.socket(socket.AF_UNIX)
            try:
                local.settimeout(PATIENCE)
                local.connect(address.path)
            except OSError:
                local.close()
                raise
            return local
        connection = socket.create_connection((address.host, address.port), PATIENCE)
        try:
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._context.wrap_socket(connection, server_hostname=address.host) if self._context else connection
        except OSError:
            connection.close()
            raise
