"""Moments as they stand in a query: ISO 8601, with or without a zone, or a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

_DAY = timedelta(days=1)
_SCHEMA = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}


def since_of(text: Any) -> float | None:
    """Unix time from which on something is; a day is from its beginning on."""
    return None if text is None else _moment(str(text), timedelta())


def until_of(text: Any) -> float | None:
    """Unix time before which something is; a day is to its end."""
    return None if text is None else _moment(str(text), _DAY)


def _moment(text: str, into_day: timedelta) -> float:
    words = text.strip().upper()
    # In a query, a plus that was not escaped comes as a space.
    words = words.replace(" ", "+") if "T" in words else words
    try:
        day = _day(words)
        when = datetime.combine(min(day, date.max - into_day) + into_day, time()) if day else None
        when = when or datetime.fromisoformat(words)
    except ValueError:
        raise ValueError("must be a day or a moment of ISO 8601: 2026-03-31, 2026-03-31T18:00+02:00") from None
    try:
        return when.timestamp()
    except (ValueError, OverflowError, OSError):
        # The clocks of places do not go as far as the calendar.
        return when.replace(tzinfo=UTC).timestamp()


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


_WHEN = "A day, or a moment; without a zone, it is the time where the service is."

Since = Annotated[
    float | None, BeforeValidator(since_of), WithJsonSchema(_SCHEMA), Field(description=f"From then on. {_WHEN}")
]
Until = Annotated[
    float | None, BeforeValidator(until_of), WithJsonSchema(_SCHEMA),
    Field(description=f"To the end of that day, or before that moment. {_WHEN}"),
]  # fmt: skip


def check_order(since: float | None, until: float | None) -> None:
    """Raise when there is no time between."""
    if since is not None and until is not None and until < since:
        raise ValueError("must not be before since")
