"""What an engine can do: declared, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do: declared, not guessed."""

    streaming: bool
    """Yields audio before a segment is complete."""
    concurrency: int
    """How many segments may be in work at once."""

    parallel: bool = False
    """Steps of several requests may run at once, and then keep to one core each."""

    waits: bool = False
    """Its steps wait for another machine and use no core of this one."""

    speed: tuple[float, float] | None = None
    """Lowest and highest speed, or None when the engine has one speed only."""

    mixing: bool = False
    """Voices can be mixed: `af_bella(2)+af_sky(1)`."""

    cloning: bool = False
    """Speaks like the references of a request."""

    needs_transcript: bool = False
    """Clones only from recordings whose words are known."""

    voice_by_seed: bool = False
    """Without a reference its seed decides who speaks: the service then always gives it one."""

    varies: bool = False
    """Never says the same twice, whatever the seed: nobody can have it repeat what was good."""

    designs: bool = False
    """Makes a voice from a description in words."""

    instructions: bool = False
    """Follows words about how to speak."""

    dialogue: bool = False
    """Several speakers in one text, marked in it."""

    tags: tuple[str, ...] = ()
    """Sounds that a text can ask for, as they are written: `<laugh>`. Only these marks reach the engine."""

    speaker_tags: tuple[str, ...] = ()
    """Marks of who speaks from there on: `[S1]`. Each text begins with that of its speaker, where there is one."""

    words: bool = False
    """Tells when each word is said."""

    pads_silence: bool = False
    """Surrounds a segment with silence that is worth trimming."""

    devices: tuple[str, ...] = ("cpu",)
    """Kinds of device that it can use, the best first: `cuda`, `mps`, `cpu`."""

    parks: bool = False
    """`park` and `unpark` do something on a GPU; the models of other engines are unloaded and loaded again."""

    licence: str = ""
    """Licence of the engine's code."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON schema of each engine-specific parameter, by name."""
