"""A server that speaks the Wyoming protocol, as a model's entry describes it, and what it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from wyoming.event import Event

from ..base import ModelSpec
from ..control import CancelFlag
from .address import wyoming_address
from .dial import dial
from .line import Line, hung_up
from .own import refuse_own
from .server import LIMITS, Limits, Server
from .settings import Settings
from .talk import Talk
from .voices import Listing, read_voices, without_own
from .watch import DEADLINE

SETTINGS = ("url", "program", "stream", *LIMITS)


@dataclass(frozen=True, kw_only=True)
class WyomingServer(Server):
    """A server."""

    program: str
    """Which of its programs is to speak; empty for all of them."""

    @classmethod
    def of(cls, spec: ModelSpec) -> WyomingServer:
        """Read a model's entry; raises an EngineError that names what is wrong."""
        settings = Settings(spec.parameters, SETTINGS)
        return cls(
            address=wyoming_address(settings.text("url")),
            limits=Limits.of(settings),
            # Of most servers there is no audio before a sentence is whole.
            streams=settings.flag("stream", False),
            program=settings.text("program"),
        )

    @contextmanager
    def talk(self, patience: float, cancel: CancelFlag) -> Iterator[Talk]:
        """A conversation with it."""
        with Line(dial(self.address, cancel), self.address, cancel) as line:
            line.expect(patience)
            yield Talk(line, self.address)

    def listing(self, model_id: str) -> Listing:
        with self.talk(DEADLINE, CancelFlag()) as talk:
            refuse_own(talk.line.connection, self.address)
            talk.say(Event("describe"))
            while (event := talk.hear()) and event.type != "info":
                pass
        if event is None:
            raise hung_up(self.address)
        return without_own(Listing(read_voices(self._installed(event.data))), model_id)

    def lack(self, listing: Listing) -> str | None:
        return None if listing.voices else f"{self.address} has no voices; does it speak?"

    def _installed(self, info: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The voices of the programs that speak."""
        for program in _objects(info.get("tts")):
            if program.get("installed") is False or self.program not in ("", program.get("name")):
                continue
            for voice in _objects(program.get("voices")):
                if voice.get("installed") is not False:
                    speakers = [speaker.get("name") for speaker in _objects(voice.get("speakers"))]
                    yield {"name": voice.get("name"), "languages": voice.get("languages"), "speakers": speakers,
                           "description": voice.get("description")}  # fmt: skip


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
