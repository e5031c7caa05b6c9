"""Wyoming frames that no sane client sends: mutations of valid ones, the same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Tree = dict[str, Any]

_VALID: tuple[tuple[Tree, bytes], ...] = (
    ({"type": "describe"}, b""),
    ({"type": "ping", "data": {"text": "hello"}}, b""),
    ({"type": "select-program", "data": {"name": "openspeakers"}}, b""),
    ({"type": "synthesize", "data": {"text": "Hi.", "voice": {"name": "hibari/heart"}}}, b""),
    ({"type": "synthesize", "data": {"text": "<speak>Yes.</speak>", "text_format": "ssml"}}, b""),
    ({"type": "synthesize-start", "data": {"voice": {"language": "en"}}}, b""),
    ({"type": "synthesize-chunk", "data": {"text": "No. "}}, b""),
    ({"type": "synthesize-stop"}, b""),
    ({"type": "audio-chunk", "data": {"rate": 22050, "width": 2, "channels": 1}}, bytes(64)),
    ({"type": "transcribe", "data": {"language": "en"}}, b""),
    ({"type": "error", "data": {"text": "no"}}, b""),
)
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, 10**30, "", "text", "\x00", "\ud800", "é" * 300, [], [[]], {}, {"name": 5},
    [None] * 20,
)  # fmt: skip


def conversations(seed: int, frames: int) -> Iterator[list[bytes]]:
    """What to send over one connection after another, so many frames in all.

    Well-framed nonsense may keep a connection open, so it comes first; one frame that is broken as such ends it. The
    conversations are short, since a server that hangs up at the first offence never sees the rest.
    """
    chance = random.Random(seed)
    while frames > 0:
        count = min(frames, chance.randint(1, 5))
        yield [*(odd_frame(chance) for _ in range(count - 1)), broken_frame(chance)]
        frames -= count


def odd_frame(chance: random.Random) -> bytes:
    """A frame that can be read but means nothing."""
    header, payload = chance.choice(_VALID)
    tree: Tree = json.loads(json.dumps(header))
    change = chance.choice((_retype, _replace, _drop, _nest, _add, _null_data))
    change(tree, chance)
    return _framed(tree, payload, chance)


def broken_frame(chance: random.Random) -> bytes:
    """A frame that cannot be read to its end, or only by waiting for more than will come."""
    header, payload = chance.choice(_VALID)
    frame = _framed(json.loads(json.dumps(header)), payload, chance)
    kind: Callable[[bytes, random.Random], bytes] = chance.choice(
        (_truncated, _huge_length, _wrong_length, _flipped, _noise, _no_object, _deep, _endless_line)
    )
    return kind(frame, chance)


def _framed(tree: Tree, payload: bytes, chance: random.Random) -> bytes:
    data = tree.get("data")
    body = b""
    if isinstance(data, dict) and chance.random() < 0.5:
        body = json.dumps(tree.pop("data")).encode()
        tree["data_length"] = len(body)
    if payload:
        tree["payload_length"] = len(payload)
    return json.dumps(tree).encode() + b"\n" + body + payload


def _retype(tree: Tree, chance: random.Random) -> None:
    tree["type"] = chance.choice(_ODD)


def _replace(tree: Tree, chance: random.Random) -> None:
    data = tree.setdefault("data", {})
    data[chance.choice([*data, "voice", "text", "name"])] = chance.choice(_ODD)


def _drop(tree: Tree, chance: random.Random) -> None:
    data = tree.get("data") or tree
    data.pop(chance.choice(list(data)))


def _nest(tree: Tree, chance: random.Random) -> None:
    value: Any = chance.choice(_ODD)
    for _ in range(chance.randint(2, 200)):
        value = [value] if chance.random() < 0.5 else {"voice": value}
    tree["data"] = {"text": "Hi.", "voice": value, "context": value}


def _add(tree: Tree, chance: random.Random) -> None:
    tree.setdefault("data", {})["x" * chance.randint(0, 50)] = chance.choice(_ODD)
    tree["version"] = chance.choice(_ODD)


def _null_data(tree: Tree, chance: random.Random) -> None:
    tree["data"] = chance.choice(_ODD)


def _truncated(frame: bytes, chance: random.Random) -> bytes:
    return frame[: chance.randrange(len(frame))]


def _huge_length(frame: bytes, chance: random.Random) -> bytes:
    key = chance.choice(("data_length", "payload_length"))
    length = chance.choice((10**7, 10**10, 2**63, 10**40))
    return json.dumps({"type": "synthesize", "data": {"text": "Hi."}, key: length}).encode() + b"\n" + frame


def _wrong_length(frame: bytes, chance: random.Random) -> bytes:
    key = chance.choice(("data_length", "payload_length"))
    return json.dumps({"type": "describe", key: chance.choice((*_ODD, -(10**9), "12", 7))}).encode() + b"\n" + frame


def _flipped(frame: bytes, chance: random.Random) -> bytes:
    altered = bytearray(frame)
    for _ in range(chance.randint(1, 6)):
        altered[chance.randrange(len(altered))] = chance.randrange(256)
    return bytes(altered)


def _noise(frame: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(1, 400)) + chance.choice((b"", b"\n"))


def _no_object(frame: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"[]", b"null", b"5", b'"text"', b"[{}]", b"{}", b"NaN", b"")) + b"\n"


def _deep(frame: bytes, chance: random.Random) -> bytes:
    depth = chance.randint(500, 20000)
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return b'{"type":"synthesize","data":' + opened * depth + b"1" + closed * depth + b"}\n"


def _endless_line(frame: bytes, chance: random.Random) -> bytes:
    return b'{"type":"synthesize","data":{"text":"' + b"a" * chance.randint(60_000, 200_000)
