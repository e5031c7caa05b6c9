"""What happens, for automations: events that nobody keeps."""

from __future__ import annotations

import math
import time

from ...events import DownloadChanged, Event, ModelState, ModelStateChanged
from .connection import Connection
from .downloads import about_download, is_active
from .failures import failure_in, failure_of
from .parts import Parts
from .payloads import (
    DownloadEvent,
    ErrorAbout,
    ErrorEvent,
    JobAbout,
    JobEvent,
    ModelEvent,
    ModelEventType,
    Payload,
)
from .stories import Stories
from .topics import Topics

_BETWEEN_DOWNLOAD_EVENTS = 1.0

_TOLD: dict[ModelState, ModelEventType] = {
    "loading": "loading",
    "resident": "loaded",
    "parked": "parked",
    "cold": "evicted",
    "failed": "failed",
}
"""What those on their way do is told when they are there."""


class Happenings:
    """Tells of texts, models, downloads and failures."""

    def __init__(self, parts: Parts, connection: Connection, topics: Topics, stories: Stories) -> None:
        self._connection = connection
        self._topics = topics
        self._models: dict[str, ModelState] = {}
        self._downloads: dict[str, float] = {}
        """When each download was told of."""
        self._unsubscribe = parts.bus.subscribe(self._see)
        stories.listen(self._see_job)

    def stop(self) -> None:
        """Tell no more."""
        self._unsubscribe()

    def _see(self, event: Event) -> None:
        if isinstance(event, ModelStateChanged):
            self._see_model(event)
        elif isinstance(event, DownloadChanged):
            self._see_download(event)
        self._tell_failure(failure_in(event))

    def _see_job(self, job: JobAbout) -> None:
        self._tell(self._topics.job_events, JobEvent(event_type=job.state, **job.model_dump()))
        self._tell_failure(failure_of(job))

    def _see_model(self, event: ModelStateChanged) -> None:
        before = self._models.get(event.model)
        if event.state == before or event.state not in _TOLD:
            return
        self._models[event.model] = event.state
        told = ModelEvent(
            event_type=_TOLD[event.state],
            model=event.model,
            device=event.device,
            memory=event.memory,
            error=event.error,
        )
        self._tell(self._topics.model_events, told)

    def _see_download(self, event: DownloadChanged) -> None:
        now = time.monotonic()
        if is_active(event):
            if now - self._downloads.get(event.name, -math.inf) < _BETWEEN_DOWNLOAD_EVENTS:
                return
            self._downloads[event.name] = now
        else:
            self._downloads.pop(event.name, None)
        told = about_download(event)
        # The end must come through; of the way there one step more or less does not matter.
        qos = 0 if is_active(event) else 1
        self._tell(self._topics.download_events, DownloadEvent(event_type=event.state, **told.model_dump()), qos)

    def _tell_failure(self, failure: ErrorAbout | None) -> None:
        if failure:
            self._tell(self._topics.error_events, ErrorEvent(**failure.model_dump()))

    def _tell(self, topic: str, what: Payload, qos: int = 1) -> None:
        self._connection.publish(topic, what.model_dump_json(), qos=qos)
