"""An engine's own parameters: kept to their schemas, and at their defaults where nobody sets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ...errors import InvalidRequest, SpeechError
from ...speech.parameters import check_parameters
from ..check import check
from ..outcome import Failed, Outcome, demand, passed
from ..stage import Stage
from ..steady import steady_if_any
from ..texts import TOLERANCE, describe_difference, difference
from .refusing import NOBODY


@check("bad parameter", "has schemas that keep bad values out, and takes the good ones", seconds=120, needs="sound")
async def PARAMETERS(stage: Stage) -> Outcome:  # noqa: N802
    """Values just inside of each schema are spoken with; those outside are refused before they reach the engine."""
    performance, has = await stage.ready(), stage.subject.capabilities
    tried = 0
    for name, schema in has.parameters.items():
        for value in bad_values(schema):
            try:
                check_parameters(has, {name: value})
            except InvalidRequest as error:
                demand(name in str(error), f"the error does not name {name}: {error}")
            else:
                raise Failed(f"the schema of {name} lets {value!r} through")
        for value in good_values(schema):
            tried += 1
            try:
                await performance.say(parameters={name: value})
            except SpeechError as error:
                raise Failed(f"{name} = {value!r} keeps to its schema, but: {error}") from error
    with suppress(InvalidRequest):
        check_parameters(has, {NOBODY: 1})
        raise Failed("a parameter that it does not declare is let through")
    if not has.parameters:
        return passed("it has no parameters, and any is refused")
    return passed(f"{len(has.parameters)} parameters are kept to their schemas; {tried} good values are spoken with")


@check("defaults", "does what its parameters' defaults say where nobody sets them", seconds=120, needs="sound")
async def DEFAULTS(stage: Stage) -> Outcome:  # noqa: N802
    """Each default is in its own schema, and to ask for it changes nothing."""
    subject = stage.subject
    defaults = {name: one["default"] for name, one in subject.capabilities.parameters.items() if "default" in one}
    if not defaults:
        return passed("it declares none")
    for name, value in defaults.items():
        try:
            check_parameters(subject.capabilities, {name: value})
        except InvalidRequest as error:
            raise Failed(f"the default of a parameter is not in its own schema: {error}") from error
    same = await steady_if_any(stage)
    if same is None:
        return passed(f"{len(defaults)} defaults are in their schemas; it varies too much to hear more of them")
    given = same.request.get("parameters", {})
    # The model's own entry may say otherwise than its engine.
    set_already = {*given, *subject.spec.parameters}
    heard = {name: value for name, value in defaults.items() if name not in set_already}
    for name, value in heard.items():
        asked = (await same.performance.say(**{**same.request, "parameters": {**given, name: value}})).samples
        what = describe_difference(same.samples, asked)
        demand(
            difference(same.samples, asked) <= TOLERANCE,
            f"{name} = {value!r} is said to be its default, but it sounds different from not asking for it: {what}",
        )
    return passed(f"{len(heard)} of {len(defaults)} defaults were asked for, which changed nothing")


def bad_values(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a schema keeps out."""
    kinds = _kinds(schema)
    yield next(value for kind, value in (("object", {}), ("array", []), ("string", "?")) if kind not in kinds)
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    yield from (schema[key] for key in ("exclusiveMinimum", "exclusiveMaximum") if key in schema)
    if "enum" in schema and "string" in kinds:
        yield NOBODY


def good_values(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values at the edges of a schema."""
    if "enum" in schema:
        yield from schema["enum"]
    elif schema.get("type") == "boolean":
        yield from (False, True)
    else:
        yield from (schema[key] for key in ("minimum", "maximum") if key in schema)
        yield from _just_inside(schema)


def _just_inside(schema: Mapping[str, Any]) -> Iterator[float]:
    """Values beside edges that do not belong to a schema themselves."""
    step = 1 if "integer" in _kinds(schema) else 0.01
    if "exclusiveMinimum" in schema:
        yield schema["exclusiveMinimum"] + step
    if "exclusiveMaximum" in schema:
        yield schema["exclusiveMaximum"] - step


def _kinds(schema: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)
