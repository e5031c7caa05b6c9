"""The voices as they are now: looked up anew when something about them changes, and told when they did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from ..engines.base import Voice
from ..events import DefaultsChanged, DownloadChanged, Event, EventBus, VoicesChanged
from .defaults import Defaults
from .profiles.profile import Profile
from .registry import Registry
from .voices import VoiceCatalog, anything

_AGE = 1.0
"""Seconds after which somebody who asks has them looked up again: files may be put into place by hand."""

_MOST_LOOKING = 0.02
"""The part of the time that may be spent on that: on a busy machine looks take longer, and are fewer."""

_OLDEST = 5.0
"""Seconds after which somebody who asks has them looked up again however long that takes."""

LONGEST_LOOK = 0.01
"""Seconds to wait for that."""

_LONGEST_NEWS = 1.0
"""Seconds to wait for it when it is known that the last look is not true any more."""


class CurrentVoices:
    """Keeps a catalog of voices true."""

    def __init__(
        self,
        registry: Registry,
        defaults: Defaults,
        by_language: Mapping[str, str],
        profiles: Callable[[], Sequence[Profile]],
        bus: EventBus,
        fits: Callable[[str], bool] = anything,
    ) -> None:
        self._registry = registry
        self._defaults = defaults
        self._by_language = by_language
        self._profiles = profiles
        self._bus = bus
        self._fits = fits
        self.catalog = self._made(profiles())
        """The last look."""

        self._looked_at = time.monotonic()
        self._took = 0.0
        self._changes = 0
        self._seen = 0
        """The changes that the last look saw."""

        self._owed = 0
        """The change that is to be told even if no voice came or went with it; 0 for none."""

        self._looking: asyncio.Task[None] | None = None
        self._gone: set[str] = set()
        bus.subscribe(self._see)

    async def get(self, patience: float = LONGEST_LOOK) -> VoiceCatalog:
        """The catalog, looked up anew when it is a second old, or older where looking takes long.

        Looking takes a few milliseconds; on a machine that is so busy that it takes longer than `patience`, the last
        look is answered and the new one is there the next time. What is known to have changed is waited for longer.
        """
        is_old = self._seen < self._changes
        if is_old or time.monotonic() - self._looked_at > max(_AGE, min(self._took / _MOST_LOOKING, _OLDEST)):
            self._begin()
        if self._looking:
            await asyncio.wait([self._looking], timeout=max(patience, _LONGEST_NEWS) if is_old else patience)
        return self.catalog

    async def renew(self) -> VoiceCatalog:
        """The catalog of a look that begins now."""
        self._changes += 1
        await asyncio.shield(self._begin())
        return self.catalog

    def renew_soon(self) -> None:
        """Look anew in the background; who asks from now on waits for that look."""
        self._changes += 1
        self._begin()

    def see_removal(self) -> None:
        """Look anew as files are gone, which is told even if they were no voice yet."""
        self.renew_soon()
        self._owed = self._changes

    def take_gone(self) -> set[str]:
        """The recordings, by their digests, that voices were cloned from and that went since this was asked last."""
        gone, self._gone = self._gone, set()
        return gone

    async def stop(self) -> None:
        """Wait for a look that goes on."""
        if self._looking:
            await asyncio.gather(self._looking, return_exceptions=True)

    def _see(self, event: Event) -> None:
        if isinstance(event, DownloadChanged) and event.state == "complete":
            self.renew_soon()
        elif isinstance(event, DefaultsChanged) or (isinstance(event, VoicesChanged) and event.profile):
            # Who asks next wants it; nobody has to be told of it once more.
            self._changes += 1

    def _begin(self) -> asyncio.Task[None]:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="list voices")
        return self._looking

    async def _look(self) -> None:
        try:
            is_behind = True
            while is_behind:
                changes, began = self._changes, time.monotonic()
                before, self.catalog = self.catalog, await asyncio.to_thread(self._made, self._profiles())
                self._looked_at, self._seen = time.monotonic(), changes
                self._took = self._looked_at - began
                self._compare(before)
                is_behind = self._seen < self._changes
        finally:
            self._looking = None

    def _made(self, profiles: Sequence[Profile]) -> VoiceCatalog:
        return VoiceCatalog(self._registry, self._defaults.voice, self._by_language, profiles, self._fits)

    def _compare(self, before: VoiceCatalog) -> None:
        """Tell what the last look found to be different."""
        self._gone = (self._gone | _digests(before)) - _digests(self.catalog)
        is_owed = 0 < self._owed <= self._seen
        if is_owed:
            self._owed = 0
        if is_owed or _of_models(before) != _of_models(self.catalog):
            self._bus.publish(VoicesChanged())


def _of_models(catalog: VoiceCatalog) -> dict[str, Voice]:
    """The voices that models bring: what users make is told where it is made."""
    return {name: installed.voice for name, installed in catalog.voices.items() if installed.profile is None}


def _digests(catalog: VoiceCatalog) -> set[str]:
    """The recordings that voices are cloned from."""
    return {reference.digest for voice in catalog.voices.values() for reference in voice.references}
