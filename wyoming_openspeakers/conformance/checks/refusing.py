"""What no engine can do, and how it says so."""

from __future__ import annotations

from ...errors import UnknownVoice
from ..check import check
from ..clear import demand_clear
from ..cut import WITHIN, cut_off
from ..outcome import Outcome, Skipped, demand, passed
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
