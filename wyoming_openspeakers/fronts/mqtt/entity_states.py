"""The states that only Home Assistant's entities have: what selects hold, which files are here, what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ...events import DownloadChanged
from ...models.manager import ModelManager
from .connection import Connection
from .shown import Downloadable, EntityTopics, Shown
from .updates import update_state


class EntityStates:
    """Publishes them."""

    def __init__(self, manager: ModelManager, topics: EntityTopics, connection: Connection) -> None:
        self._manager = manager
        self._topics = topics
        self._connection = connection
        self._here: Mapping[Downloadable, str] = {}
        self._downloads: dict[str, DownloadChanged] = {}

    def tell_choices(self, shown: Shown, *, again: bool) -> None:
        """What the selects hold; `again` also to those who were told, as they may not have listened."""
        for topic, choices in ((self._topics.voice, shown.voices), (self._topics.model, shown.models)):
            self._connection.publish(topic, choices.current, retain=True)
            if again and choices.current:
                self._connection.publish(topic, choices.current)

    def tell_updates(self, here: Mapping[Downloadable, str]) -> None:
        """Which revision of each model is here."""
        for model in self._here.keys() - here.keys():
            self._connection.publish(self._topics.update(model), "", retain=True)
        self._here = here
        for model in here:
            self._tell_update(model)

    def see_download(self, event: DownloadChanged) -> None:
        """Tell how far a download is."""
        if event.state in ("waiting", "downloading"):
            self._downloads[event.name] = event
        else:
            self._downloads.pop(event.name, None)
        for model in self._here:
            if model.model == event.name:
                self._tell_update(model)

    def tell_problems(self) -> None:
        """What is wrong."""
        told = json.dumps({"problems": problems(self._manager)}, ensure_ascii=False)
        self._connection.publish(self._topics.problem, told, retain=True)

    def retained(self) -> list[str]:
        """The topics that hold them."""
        topics = [self._topics.voice, self._topics.model, self._topics.problem, *map(self._topics.update, self._here)]
        return [topic for topic in topics if self._connection.retains(topic)]

    def _tell_update(self, model: Downloadable) -> None:
        state = update_state(model, self._here[model], self._downloads.get(model.model))
        self._connection.publish(self._topics.update(model), state, retain=True)


def problems(manager: ModelManager) -> list[str]:
    """What somebody has to see to, in sentences."""
    found = []
    if not manager.catalog.voices:
        found.append("No voice is installed")
    elif (name := manager.defaults.voice) and not manager.catalog.find(name):
        found.append(f"There is no voice {name}; another speaks instead")
    failures = {model: manager.failures.get(model) for model in manager.registry.models}
    found += [f"Model {model}: {failure.error}" for model, failure in failures.items() if failure]
    return found
