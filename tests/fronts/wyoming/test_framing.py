"""Events from strangers."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event

from wyoming_openspeakers.fronts.wyoming.framing import MAX_DATA, MAX_HEADER, FramingError, read_event


async def read(raw: bytes) -> Event | None:
    reader = asyncio.StreamReader(limit=MAX_HEADER)
    reader.feed_data(raw)
    reader.feed_eof()
    return await read_event(reader)


async def test_golden_bytes() -> None:
    header = b'{"type":"synthesize","data":{"a":1,"text":"x"},"data_length":12,"payload_length":3}\n'
    raw = header + b'{"text":"y"}\x01\x02\x03'
    assert await read(raw) == Event("synthesize", {"a": 1, "text": "y"}, b"\x01\x02\x03")


async def test_half_a_surrogate_pair_is_mended() -> None:
    event = await read(b'{"type":"ping","data":{"text":"a\\ud800b \\ud83d\\ude00"}}\n')
    assert event is not None and event.data == {"text": "a?b \U0001f600"}


async def test_header_alone() -> None:
    assert await read(b'{"type": "describe"}\n') == Event("describe", {}, None)


async def test_null_data_is_no_data() -> None:
    assert await read(b'{"type": "describe", "data": null}\n') == Event("describe", {}, None)


async def test_long_body_is_read() -> None:
    text = "x" * (MAX_DATA - 100)
    body = json.dumps({"text": text}).encode()
    event = await read(b'{"type":"synthesize","data_length":%d}\n' % len(body) + body)
    assert event is not None and event.data["text"] == text


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b'{"type":"' + b"x" * MAX_HEADER + b'"}\n', "longer than"),
        (b'{"type":"x","data_length":10000000000}\n', "at most"),
        (b'{"type":"x","payload_length":10000000000}\n', "at most"),
        (b'{"type":"x","data_length":-1}\n', "whole number"),
        (b'{"type":"x","data_length":"5"}\n', "whole number"),
        (b'{"type":"x","data_length":true}\n', "whole number"),
        (b'{"type":"x","data_length":1.5}\n', "whole number"),
        (b'{"data":{}}\n', "no type"),
        (b'{"type":5}\n', "no type"),
        (b'{"type":"x","data":[]}\n', "not an object"),
        (b'["type"]\n', "not a JSON object"),
        (b"nonsense\n", "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 50000 + b"\n", "not JSON"),
        (b'{"type":"x","data_length":4}\n[12]', "not a JSON object"),
        (b'{"type":"x","data_length":4}\n{{{{', "not JSON"),
    ],
)
async def test_what_cannot_be_read_is_explained(raw: bytes, complaint: str) -> None:
    with pytest.raises(FramingError, match=complaint):
        await read(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b'{"type":"x"', b'{"type":"x","data_length":9}\n{"a"', b'{"type":"x","payload_length":9}\nabc'],
)
async def test_an_early_end_is_an_end(raw: bytes) -> None:
    assert await read(raw) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_an_end_or_an_error(raw: bytes) -> None:
    try:
        event = asyncio.run(read(raw + b"\n"))
    except FramingError:
        return
    assert event is None or isinstance(event.type, str)
