"""Commands as nobody should send them: good ones, damaged by a seeded generator."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

NAMES = ("say", "load", "unload", "voice", "model", "speed", "keep_alive", "download", "clear_cache", "stop", "sing")

_VALUES = (
    "null", "true", "[]", "{}", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "-0.0", "1e-400",
    '"\\ud83d"', '"\\udc00\\ud83d"', '"\\u0000"', '"' + "x" * 5000 + '"', '"nobody"', '"../../etc/passwd"', '"a+b#/"',
    "[" * 300 + "]" * 300, '{"a":' * 150 + "1" + "}" * 150, '"nan"', '"1_0"', '"١"', '""', '" "', '"$SYS"',
)  # fmt: skip
_KEYS = ("text", "voice", "model", "language", "speed", "pitch", "priority", "format", "keep_alive", "id", "voise", "")
_PLAIN = (
    b"", b" ", b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b"nan", b"inf", b"-1e400", b"{", b"{}", b"[", b"[" * 5000,
    b"nobody", b"\xef\xbb\xbf{}", b'{"text": "tone."', b"1" * 4000, b"A" * 9000, b"\xf0\x9f\x98\x80", b"1_0", b"0x1p3",
)  # fmt: skip


def payloads(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Names of commands, and what they say; a few can be done after all."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(NAMES), _payload(chance)


def _payload(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.3:
        return chance.choice(_PLAIN)
    keys = chance.sample(_KEYS, chance.randint(1, 5))
    fields = [f"{json.dumps(key)}: {chance.choice(_VALUES)}" for key in keys]
    body = bytearray(("{" + ", ".join(fields) + "}").encode())
    if kind < 0.6:
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            match chance.randrange(3):
                case 0:
                    body[at] = chance.randrange(256)
                case 1:
                    del body[at : at + chance.randint(1, 20)]
                case _:
                    body[at:at] = chance.randbytes(chance.randint(1, 8))
            body = body or bytearray(b"{")
    return bytes(body)
