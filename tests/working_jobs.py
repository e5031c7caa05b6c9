"""Jobs at work, with a real history, a real speech service and an engine that fails on command."""

from __future__ import annotations

import gc
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from managed import Managed

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.events import JobChanged
from wyoming_openspeakers.history.entry import OVER, Entry
from wyoming_openspeakers.history.store import HistoryStore
from wyoming_openspeakers.jobs.jobs import JobEvent, JobRequest, Jobs
from wyoming_openspeakers.speech.service import SpeechService


class Working:
    """All that jobs need, running."""

    def __init__(self, data: Path, models: dict[str, dict[str, Any]], flags: dict[str, Any]) -> None:
        flags = {"text.numbers": False, "models.keep_alive": "-1", **flags}
        self.config = load_config(flags={"data_dir": str(data), **flags})
        managed = Managed(data, models, flags)
        self.manager, self.bus, self.events = managed.manager, managed.bus, managed.events
        self.speech = SpeechService(self.config, self.manager, self.bus)
        self.history = HistoryStore(self.config.history, data)
        self.jobs = Jobs(self.config, self.speech, self.history, self.bus)
        self._is_stopped = False

    async def __aenter__(self) -> Working:
        await self.speech.start()
        await self.history.start()
        await self.jobs.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """As the service does it."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self.speech.refuse_more()
        await self.jobs.stop()
        await self.history.stop()
        await self.speech.stop()
        await self.manager.stop()

    async def submit(self, text: str, client: str = "", **request: Any) -> Entry:
        """Have a text spoken."""
        return await self.jobs.submit(JobRequest(text, "fault", format="wav", client=client, **request))

    async def over(self, id: str) -> Entry:
        """How a job ended."""
        async with aclosing(self.jobs.watch(id)) as events:
            async for _ in events:
                pass
        entry = await self.history.get(id)
        assert entry.status in OVER
        return entry

    async def seen(self, id: str) -> list[JobEvent]:
        """All that a watcher is told."""
        return [event async for event in self.jobs.watch(id)]

    def began(self) -> list[str]:
        """The jobs that were spoken, in the order in which they began."""
        spoken = [e.job for e in self.events if isinstance(e, JobChanged) and e.state == "generating"]
        return list(dict.fromkeys(spoken))

    def files(self) -> list[Path]:
        """The audio that is there."""
        return [path for path in (self.config.data_path / "history").rglob("*") if path.is_file()]


def open_files() -> list[str]:
    """What this process has open."""
    gc.collect()
    names = []
    for link in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):  # the folder itself was open while it was listed
            names.append(str(link.readlink()))
    return sorted(names)
