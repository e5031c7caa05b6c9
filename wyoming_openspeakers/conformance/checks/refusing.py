"""What no engine can do, and how it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ...errors import InvalidRequest, SpeechError, UnknownVoice
from ...speech.parameters import check_parameters
from ..check import check
from ..clear import demand_clear
from ..cut import WITHIN, cut_off
from ..outcome import Failed, Outcome, Skipped, demand, passed
from ..stage import Performance, Stage, refusal
from ..texts import LONG

NOBODY = "nobody_has_this_name"

_NOTHING = ("", "   ", "...", "?!")

_LONGEST_SEGMENT = 2_000
"""Characters: what the service can be set to give an engine at once."""

_TEXTS = {
    "one sentence": (LONG.removesuffix(".") + ", and ") * (_LONGEST_SEGMENT // len(LONG)),
    "many sentences": (LONG.capitalize() + " ") * (3 * _LONGEST_SEGMENT // len(LONG)),
}


@check("empty text", "says nothing where there is nothing to say", seconds=60)
async def EMPTY_TEXT(stage: Stage) -> Outcome:  # noqa: N802
    """Texts without a letter: no audio, no error."""
    performance = await stage.ready()
    for text in _NOTHING:
        spoken = await performance.say(text)
        demand(not spoken.samples.size, f"to {text!r} it says {spoken.samples.size} samples; want none")
    return passed("no audio and no error")


@check("unknown voice", "says that there is no such voice", seconds=30)
async def UNKNOWN_VOICE(stage: Stage) -> Outcome:  # noqa: N802
    """A name that no voice has."""
    performance = await stage.ready()
    error = await refusal(performance.say(voice=NOBODY))
    told = demand_clear(error, NOBODY, when="With an unknown voice")
    demand(isinstance(error, UnknownVoice), f'the error\'s code must be "unknown_voice": {told}')
    return passed(told)


@check("unknown speaker", "says that a voice has no such speaker", seconds=30)
async def UNKNOWN_SPEAKER(stage: Stage) -> Outcome:  # noqa: N802
    """A name that no speaker of a voice has."""
    performance = await stage.ready()
    voice = next((voice for voice in stage.subject.voices if voice.speakers), None)
    if voice is None:
        raise Skipped("no voice of it has speakers")
    request = {"voice": voice.name, "language": voice.languages[0], "speaker": NOBODY}
    error = await refusal(performance.say(**request))
    return passed(demand_clear(error, NOBODY, when="With an unknown speaker"))


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


def bad_values(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a schema keeps out."""
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    yield next(value for kind, value in (("object", {}), ("array", []), ("string", "?")) if kind not in kinds)
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
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


@check("long text", "speaks a very long text piece by piece, or refuses it", seconds=240, needs="sound")
async def LONG_TEXT(stage: Stage) -> Outcome:  # noqa: N802
    """A sentence as long as any that the service gives it, and three times as much; cut off when audio comes."""
    performance = await stage.ready()
    told = [f"{name}: {await _first_of(performance, text)}" for name, text in _TEXTS.items()]
    return passed("; ".join(told))


async def _first_of(performance: Performance, text: str) -> str:
    """How a text begins to be spoken, or is refused."""
    what = f"{len(text)} characters"
    try:
        cut = await cut_off(performance, text, after=None)
    except Exception as error:
        return f"refused: {demand_clear(error, when=f'With {what}')}"
    demand(bool(cut.spoken.chunks), f"of {what} it says nothing, and gives no error")
    demand(cut.took <= WITHIN, f"of {what}, cut off when the first chunk has come, it goes on for {cut.took:.2f} s")
    return f"{what}, first audio after {cut.spoken.times[0]:.1f} s"
