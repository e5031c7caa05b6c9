"""What an engine's parameters may be: the part of JSON schema that their schemas use."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}

_BOUNDS: tuple[tuple[str, Callable[[Any, Any], bool], str], ...] = (
    ("minimum", operator.ge, "at least"),
    ("maximum", operator.le, "at most"),
    ("exclusiveMinimum", operator.gt, "more than"),
    ("exclusiveMaximum", operator.lt, "less than"),
)


_SLIP = 0.8
"""How much alike a name and the one that was meant are."""


def wrong_default(schemas: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """What is wrong with the parameters of a model's entry, in words; engines have settings of their own there, too."""
    for name, value in given.items():
        if name not in schemas:
            for meant in get_close_matches(name, schemas, 1, _SLIP):
                return f"There is no parameter {name!r}; did you mean {meant}? Mend its entry in the list of models"
        elif problem := problem_of(schemas[name], value):
            return f"parameters.{name} {problem}; mend its entry in the list of models"
    return None


def problem_of(schema: Mapping[str, Any], value: Any) -> str | None:
    """What of a JSON schema a value does not keep to; schemas of parameters use no more than this of the language."""
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if kinds and not any(_is_a(kind, value) for kind in kinds):
        return f"should be {' or '.join(_named(kind) for kind in kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"should be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not math.isfinite(value):
        return "should be a number"
    for key, is_kept, words in _BOUNDS:
        if key in schema and not is_kept(value, schema[key]):
            return f"should be {words} {schema[key]}"
    return None


def _is_a(kind: str, value: Any) -> bool:
    # To Python, True is a number.
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _named(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"
