"""What is wrong with a setting, in one line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_LONGEST_SHOWN = 80


def explain(error: ValidationError, root: type[BaseModel]) -> str:
    """The first thing wrong, in one line: the key, what is wrong and what is allowed."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    key = ".".join(location)
    given = repr(first["input"])
    if len(given) > _LONGEST_SHOWN:
        given = f"{given[:_LONGEST_SHOWN]}..."
    match first["type"]:
        case "extra_forbidden":
            known = _keys_at(root, location[:-1])
            close = difflib.get_close_matches(location[-1], known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
            return f"unknown key {key}; {hint}"
        case "missing":
            return f"{key} is missing"
        case "value_error":
            return f"{key}: {first['ctx']['error']}, not {given}"
        case "model_type" | "dict_type":
            return f"{key}: must hold keys and values, not {given}"
        case "tuple_type":
            return f"{key}: must be a list, such as [a, b], not {given}"
        case _ if location[-1] == "[key]":
            return f"{'.'.join(location[:-2])}: the key {given} is not text; put it in quotes"
        case _:
            message = first["msg"].removeprefix("Input ")
            return f"{key}: {message}, not {given}"


def _keys_at(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """The fields at a place in the tree, through sections, lists and mappings of sections."""
    for name in location:
        field = model.model_fields.get(name)
        inner = section_of(field.annotation) if field else model
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := section_of(part))), None)
