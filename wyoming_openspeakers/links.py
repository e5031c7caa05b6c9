"""Links that open without a key for a while: a loudspeaker that is told to play one has none to show."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

_LASTS = 24 * 3600.0
"""Seconds for which a link opens."""


class Links:
    """Signs paths with a key of the service, and knows its own signatures."""

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.sha256(b"links " + key.encode()).digest() if key else b""
        self._clock = clock

    def signed(self, path: str) -> str:
        """A path that opens without the key for a day; as it is where no key is needed."""
        if not self._key:
            return path
        expires = str(int(self._clock() + _LASTS))
        bare = path.partition("?")[0]
        return f"{path}{'&' if '?' in path else '?'}expires={expires}&signature={self._sign(bare, expires)}"

    def opens(self, path: str, query: Mapping[str, str]) -> bool:
        """Whether a path was signed, not too long ago."""
        expires, signature = query.get("expires", ""), query.get("signature", "")
        if not self._key or not (expires.isascii() and expires.isdecimal() and signature.isascii()):
            return False
        return hmac.compare_digest(signature, self._sign(path, expires)) and int(expires) > self._clock()

    def _sign(self, path: str, expires: str) -> str:
        return hmac.new(self._key, f"{path}\n{expires}".encode("utf-8", "surrogateescape"), "sha256").hexdigest()
