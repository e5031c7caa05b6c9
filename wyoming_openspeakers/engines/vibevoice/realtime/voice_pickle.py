"""Takes a voice out of the author's pickle: a program of its own, given the names of the pickle and of what to write.

A pickle can call whatever it names. This one can name nothing but what a voice is made of, and gets harmless things
instead of them; and the process that it is read in has little memory and time and may open no file besides the two.
It uses nothing but the standard library. `conversion` starts it.
"""

from __future__ import annotations

import contextlib
import json
import math
import pickle
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

MOST_MEMORY = 1 << 30
MOST_SECONDS = 20
MOST_WRITTEN = 256 << 20
MOST_PICKLED = 4 << 20
"""Bytes of the pickle itself, without the numbers, which lie beside it."""

WANTED = ("lm", "tts_lm", "neg_tts_lm")
"""The states that the model goes on from: as the text was read, as it speaks, and as it speaks without text."""


class Kind(NamedTuple):
    """A kind of number, and how many bytes it has."""

    name: str
    size: int


class Numbers(NamedTuple):
    """A tensor."""

    kind: Kind
    shape: tuple[int, ...]
    raw: bytes


class Record(dict[str, Any]):
    """Stands in for the library's classes: keeps their fields and does nothing."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.update(state)


def tensor(raw: Any, offset: int, shape: Any, stride: Any, *rest: Any) -> Numbers:
    """A tensor of a storage, in the order of its shape: a cache's heads do not lie in that order."""
    kind, data = raw
    if not shape or min(shape) < 1 or min(stride) < 0 or offset < 0 or stride[-1] != 1:
        raise pickle.UnpicklingError(f"it has a tensor of the shape {shape} with the strides {stride}")
    reach = offset + sum((length - 1) * distance for length, distance in zip(shape, stride, strict=True)) + 1
    if max(reach, math.prod(shape)) * kind.size > len(data):
        raise pickle.UnpicklingError("it has a tensor that is larger than its numbers")
    begins = [offset]
    for length, distance in zip(shape[:-1], stride[:-1], strict=True):
        begins = [begin + place * distance for begin in begins for place in range(length)]
    rows = (data[begin * kind.size : (begin + shape[-1]) * kind.size] for begin in begins)
    return Numbers(kind, tuple(shape), b"".join(rows))


KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Record,
    ("torch", "BFloat16Storage"): Kind("BF16", 2),
    ("torch", "FloatStorage"): Kind("F32", 4),
    ("torch", "HalfStorage"): Kind("F16", 2),
    ("torch._utils", "_rebuild_tensor_v2"): tensor,
    ("transformers.cache_utils", "DynamicCache"): Record,
    ("transformers.modeling_outputs", "BaseModelOutputWithPast"): Record,
}
"""All that the pickle of a voice names, and what it gets."""


class VoiceUnpickler(pickle.Unpickler):
    """Reads the pickle in a file of torch's."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sizes = {info.filename: info for info in archive.infolist()}
        name = next((name for name in self._sizes if name.endswith("/data.pkl")), "")
        if not name or self._sizes[name].file_size > MOST_PICKLED:
            raise pickle.UnpicklingError("it is no file of torch's")
        self._top = name.removesuffix("data.pkl")
        super().__init__(archive.open(name))

    def find_class(self, module: str, name: str) -> Any:
        """What it gets for a name."""
        try:
            return KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no voice needs") from None

    def persistent_load(self, key: Any) -> Any:
        """The numbers that it has by a key."""
        _, kind, number, *_ = key
        name = f"{self._top}data/{number}"
        # What is stored as it is cannot become larger than the file.
        if not isinstance(kind, Kind) or self._sizes[name].compress_type != zipfile.ZIP_STORED:
            raise pickle.UnpicklingError(f"it has numbers of an unknown kind at {name}")
        return kind, self._archive.read(name)


def states(voice: Any) -> Iterator[tuple[str, list[Numbers]]]:
    """The states of a voice, each as keys and values in turn, layer by layer; and what was heard last without text."""
    for name in WANTED:
        past = voice[name]["past_key_values"]
        yield name, [part for pair in zip(past["key_cache"], past["value_cache"], strict=True) for part in pair]
    yield "neg_tts_lm.last", [voice["neg_tts_lm"]["last_hidden_state"]]


def write(voice: Any, file: IO[bytes]) -> None:
    """Write a voice as a safetensors file: each state is one tensor, of the layers one after another."""
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    place = 0
    for name, tensors in states(voice):
        kinds = {(part.kind, part.shape) for part in tensors}
        if len(kinds) != 1:
            raise pickle.UnpicklingError(f"the layers of {name} are not alike")
        ((kind, shape),) = kinds
        raw = b"".join(part.raw for part in tensors)
        header[name] = {
            "dtype": kind.name, "shape": [len(tensors), *shape], "data_offsets": [place, place + len(raw)],
        }  # fmt: skip
        parts.append(raw)
        place += len(raw)
    described = json.dumps(header).encode()
    described += b" " * (-len(described) % 8)
    file.write(len(described).to_bytes(8, "little") + described + b"".join(parts))


def limit() -> None:
    """Have little memory and time, where the system knows limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def refuse(event: str, arguments: Any) -> None:
    """Let nothing happen any more that has to do with files, processes, the network or code."""
    if not event.startswith(("pickle.", "cpython.", "sys.")):
        raise pickle.UnpicklingError(f"it tried what no voice needs: {event}")


def main(source: str, target: str) -> int:
    """Take the voice out of one file and write it to another; a failure is told in a line."""
    limit()
    try:
        with Path(target).open("wb") as file, zipfile.ZipFile(source) as archive:
            unpickler = VoiceUnpickler(archive)
            sys.addaudithook(refuse)
            write(unpickler.load(), file)
    except Exception as error:  # whatever a file that is no voice leads to
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
