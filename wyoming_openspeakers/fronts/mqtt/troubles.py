"""What a connection ends with."""

from __future__ import annotations


class Trouble(Exception):
    """There is no connection; the text says why."""

    def __init__(self, text: str, *, lasts: bool = False, other_version: bool = False) -> None:
        super().__init__(text)
        self.lasts = lasts
        """It will not go away by itself."""

        self.other_version = other_version
        """It may be that the broker speaks another version of MQTT."""
