"""Sizes, budgets and times, as people write them."""

from __future__ import annotations

import math

import pytest

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.config.values import parse_budget, parse_keep_alive, parse_size
from wyoming_openspeakers.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 500_000_000), ("1.5 GB", 1_500_000_000), ("2GiB", 2 << 30), ("8g", 8_000_000_000), (1234, 1234)],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "1XB", "GB", None, True, "1e9", "90%"])
def test_what_is_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="500MB"):
        parse_size(text)


@pytest.mark.parametrize(("text", "size"), [("90%", 900), ("100 %", 1000), ("0.5%", 5), ("400", 400), ("1kB", 1000)])
def test_budgets(text: str, size: int) -> None:
    assert parse_budget(text, 1000) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(60, 60), ("60", 60), ("5m", 300), ("1.5h", 5400), ("250ms", 0.25), (0, 0), ("0s", 0), (2.5, 2.5),
     (-1, math.inf), ("-1", math.inf), ("-5m", math.inf)],
)  # fmt: skip
def test_how_long_a_model_stays(text: float | str, seconds: float) -> None:
    assert parse_keep_alive(text) == seconds


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("models.gpu_memory", "120%", "a size such as 8GB or a share such as 90%"),
        ("models.gpu_memory", "a lot", "a size such as 8GB or a share such as 90%"),
        ("models.keep_alive", "for ever", "a time such as 5m"),
        ("models.keep_alive", True, "a time such as 5m"),
        ("models.device", "gpu", "a GPU such as cuda:1"),
        ("models.gpus", ["first"], "models.gpus"),
    ],
)
def test_what_is_wrong_is_said(key: str, value: object, words: str) -> None:
    with pytest.raises(ConfigError, match="command line") as caught:
        load_config(flags={key: value})
    assert words in str(caught.value)
