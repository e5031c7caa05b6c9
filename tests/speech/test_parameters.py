"""Parameters of engines, checked against what the engine declares."""

from __future__ import annotations

from typing import Any

import pytest

from wyoming_openspeakers.engines.capabilities import Capabilities
from wyoming_openspeakers.errors import InvalidRequest
from wyoming_openspeakers.speech.parameters import check_parameters

ABLE = Capabilities(
    streaming=True,
    concurrency=1,
    parameters={
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "steps": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
        "solver": {"type": "string", "enum": ["fast", "good"]},
        "warm": {"type": "boolean"},
        "guidance": {"type": ["number", "null"]},
        "tags": {"type": "array"},
        "anything": {},
    },
)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"temperature": 0, "steps": 1},
        {"temperature": 2.0, "solver": "good", "warm": False},
        {"guidance": None, "tags": [1], "anything": {"of": "the kind"}},
        {"guidance": 3, "steps": 99},
    ],
)
def test_what_an_engine_takes(given: dict[str, Any]) -> None:
    check_parameters(ABLE, given)


@pytest.mark.parametrize(
    ("given", "param", "words"),
    [
        ({"temprature": 1}, "extra.temprature", "no parameter 'temprature'; parameters: temperature, steps, "),
        ({"temperature": 2.1}, "extra.temperature", "temperature should be at most 2"),
        ({"temperature": -1}, "extra.temperature", "temperature should be at least 0"),
        ({"temperature": "hot"}, "extra.temperature", "temperature should be a number"),
        ({"temperature": True}, "extra.temperature", "temperature should be a number"),
        ({"temperature": float("nan")}, "extra.temperature", "temperature should be a number"),
        ({"steps": 0}, "extra.steps", "steps should be more than 0"),
        ({"steps": 100}, "extra.steps", "steps should be less than 100"),
        ({"steps": 1.5}, "extra.steps", "steps should be an integer"),
        ({"solver": "best"}, "extra.solver", "solver should be one of fast, good"),
        ({"warm": 1}, "extra.warm", "warm should be a boolean"),
        ({"guidance": "much"}, "extra.guidance", "guidance should be a number or a null"),
    ],
)
def test_what_it_does_not_take(given: dict[str, Any], param: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_parameters(ABLE, {"warm": True, **given})
    assert words in str(caught.value)
    assert caught.value.param == param


def test_an_engine_without_parameters_says_so() -> None:
    with pytest.raises(InvalidRequest, match="parameters: none"):
        check_parameters(Capabilities(streaming=True, concurrency=1), {"x": 1})
