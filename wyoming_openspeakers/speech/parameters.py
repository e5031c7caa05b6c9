"""Whether an engine knows the parameters that a request gives it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from ..engines.capabilities import Capabilities
from ..errors import InvalidRequest

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


def check_parameters(capabilities: Capabilities, given: Mapping[str, Any], param: str = "extra") -> None:
    """Raise InvalidRequest that names the first parameter which the engine does not know or cannot take.

    `param` is where in the request they stand.
    """
    for name, value in given.items():
        schema = capabilities.parameters.get(name)
        if schema is None:
            known = ", ".join(capabilities.parameters) or "none"
            raise InvalidRequest(f"There is no parameter {name[:80]!r}; parameters: {known}", f"{param}.{name[:80]}")
        if problem := _problem(schema, value):
            raise InvalidRequest(f"{name} {problem}", f"{param}.{name}")


def _problem(schema: Mapping[str, Any], value: Any) -> str | None:
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
