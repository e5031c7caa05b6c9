"""What a model's entry says about a server: each setting checked, in words that name it."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..base import EngineError

_LONGEST_KEY = 10_000


class Settings:
    """The `parameters` of a model's entry."""

    def __init__(self, given: Mapping[str, Any], known: Collection[str]) -> None:
        if "api_key" in given:
            # Whoever may list models would read it.
            raise wrong("api_key", "does not belong here; name a variable by api_key_env or a file by api_key_file")
        if unknown := next((name for name in given if name not in known), None):
            raise EngineError(f"There is no parameter {unknown!r}; parameters: {', '.join(known)}", "bad_parameter")
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong(name, "should be a text")
        return value

    def choice(self, name: str, *choices: str) -> str:
        """One of some words, the first of them by default."""
        value = self.text(name, choices[0])
        if value not in choices:
            raise wrong(name, f"should be one of {', '.join(choices)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise wrong(name, "should be true or false")
        return value

    def number(self, name: str, default: float, lowest: float, highest: float) -> float:
        """A number within bounds."""
        value = self._given.get(name, default)
        if not _is_number(value) or not lowest <= value <= highest:
            raise wrong(name, f"should be a number from {lowest:g} to {highest:g}")
        return float(value)

    def range(self, name: str, default: tuple[float, float]) -> tuple[float, float] | None:
        """Two numbers; None where the entry says that there are none."""
        if name not in self._given:
            return default
        value = self._given[name]
        if value is None or value == []:
            return None
        is_pair = isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value))
        if not is_pair or not 0 < value[0] <= value[1]:
            raise wrong(name, "should be the lowest and the highest: [0.5, 2]")
        return float(value[0]), float(value[1])

    def items(self, name: str) -> list[Any] | None:
        """A list; None where there is none."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, (list, tuple)):
            raise wrong(name, "should be a list")
        return None if value is None else list(value)

    def fields(self, name: str) -> dict[str, Any]:
        """A mapping of names to anything."""
        value = self._given.get(name) or {}
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise wrong(name, "should be a mapping")
        return dict(value)

    def key(self) -> tuple[str, str]:
        """The key to show to the server, empty where there is none, and what to call the place that it is in."""
        variable, file = self.text("api_key_env"), self.text("api_key_file")
        if variable and file:
            raise wrong("api_key_env", "and api_key_file are both given; one of them will do")
        if variable:
            return _checked(os.environ.get(variable, ""), f"the environment variable {variable}")
        if file:
            try:
                with Path(file).open(encoding="utf-8", errors="replace") as opened:
                    return _checked(opened.read(_LONGEST_KEY), f"the file {file}")
            except OSError as error:
                raise EngineError(f"The key cannot be read from {file}: {error.strerror}", "bad_parameter") from None
        return "", ""


def wrong(name: str, text: str) -> EngineError:
    """What to raise where a setting is wrong."""
    return EngineError(f"parameters.{name} {text}", "bad_parameter")


def _checked(key: str, place: str) -> tuple[str, str]:
    key = key.strip()
    if not key:
        raise EngineError(f"There is no key in {place}", "bad_parameter")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EngineError(
            f"What is in {place} is no key: it has spaces or characters that no key may have",
            "bad_parameter",
        )
    return key, place


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
