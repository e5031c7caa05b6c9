"""What is asked of a job is looked at before it is taken: the voice is there and can do all of it."""

from __future__ import annotations

from ..config.values import parse_keep_alive
from ..errors import InvalidRequest
from ..models.voices import ChosenVoice, VoiceCatalog
from ..speech.parameters import check_parameters
from .request import JobRequest

_SPEEDS = (0.25, 4.0)
_PITCHES = (-12, 12)


class BadParameter(InvalidRequest):
    """Something that was asked for cannot be had."""

    code = "bad-parameter"
    http_status = 422


def check(request: JobRequest, catalog: VoiceCatalog) -> ChosenVoice:
    """The voice that shall speak, or the one that would if the text does not decide; raises when it cannot be done."""
    if not request.text.strip():
        raise BadParameter("There is no text to speak", "text")
    _check_ranges(request)
    chosen = catalog.require(request.voice) if request.voice else catalog.default(request.language)
    _check_abilities(request, chosen)
    try:
        check_parameters(chosen.installed.capabilities, request.parameters)
    except InvalidRequest as error:
        raise BadParameter(str(error), error.param) from None
    return chosen


def _check_ranges(request: JobRequest) -> None:
    if request.speed is not None and not _SPEEDS[0] <= request.speed <= _SPEEDS[1]:
        raise BadParameter("speed must be from {:g} to {:g}".format(*_SPEEDS), "speed")
    if not _PITCHES[0] <= request.pitch <= _PITCHES[1]:
        raise BadParameter("pitch must be from {:g} to {:g} semitones".format(*_PITCHES), "pitch")
    if request.keep_alive is not None:
        try:
            parse_keep_alive(request.keep_alive)
        except ValueError as error:
            raise BadParameter(f"keep_alive {error}", "keep_alive") from None


def _check_abilities(request: JobRequest, chosen: ChosenVoice) -> None:
    """What a voice cannot do is refused: nobody shall wonder why it made no difference."""
    able, name = chosen.installed.capabilities, chosen.installed.name
    if request.pitch and able.speed is None:
        raise BadParameter(f"{name} has one speed, and so its pitch cannot be changed", "pitch")
    if request.speed not in (None, 1) and able.speed is None:
        raise BadParameter(f"{name} has one speed", "speed")
    if request.instructions and not able.instructions:
        raise BadParameter(f"{name} does not follow instructions", "instructions")
