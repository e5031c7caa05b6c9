"""Addresses are read strictly, and shown without a secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.remote.address import http_address, wyoming_address


@pytest.mark.parametrize(
    ("text", "shown", "port"),
    [
        ("http://gpu.local:8091/v1", "http://gpu.local:8091/v1", 8091),
        ("http://gpu.local:8091", "http://gpu.local:8091/v1", 8091),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1", 443),
        ("http://[::1]:80/a/b", "http://[::1]/a/b", 80),
        ("HTTP://10.0.0.2", "http://10.0.0.2/v1", 80),
    ],
)
def test_http(text: str, shown: str, port: int) -> None:
    address = http_address(text)
    assert (str(address), address.port) == (shown, port)


def test_wyoming() -> None:
    assert str(wyoming_address("tcp://piper.local")) == "tcp://piper.local:10200"
    assert str(wyoming_address("unix:///run/piper.sock")) == "unix:///run/piper.sock"


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    for read in (http_address, wyoming_address):
        for address in (text, f"http://{text}", f"tcp://{text}", f"https://user:secret@{text}"):
            try:
                assert str(read(address)).isascii()
            except EngineError as error:
                assert "secret" not in str(error)
