"""What only the other server can mend."""

from __future__ import annotations

from ..base import EngineError

UNREACHABLE = "remote_unreachable"
"""Code of an error where there is nobody to ask."""


class ServerFailed(EngineError):
    """The server refused, broke off or sent what nobody can use."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "remote_failed")
