"""Commands that change how the service speaks when nobody says."""

from __future__ import annotations

from ...errors import ModelUnavailable, UnknownModel
from ...events import DefaultsChanged, EventBus
from ...models.manager import ModelManager
from ...speech.named import full_name
from .command_types import AUTOMATIC, KeepAliveCommand, ModelCommand, SpeedCommand, VoiceCommand


class Settings:
    """Chooses defaults, and takes the choice back where a command says nothing."""

    def __init__(self, manager: ModelManager, bus: EventBus) -> None:
        self._manager = manager
        self._bus = bus

    async def voice(self, command: VoiceCommand) -> None:
        """Choose the default voice by any of its names."""
        await self.choose_voice(None if _is_automatic(command.voice) else command.voice)

    async def model(self, command: ModelCommand) -> None:
        """Choose a model: its default voice speaks."""
        if _is_automatic(command.model):
            await self.choose_voice(None)
            return
        model = resolve(self._manager, command.model)
        catalog = await self._manager.voices_with(model)
        if catalog.find(model) is None:
            problem = self._manager.registry.problem(model) or "it has no voices"
            raise ModelUnavailable(f"Model {model} cannot be used now: {problem}")
        await self.choose_voice(model)

    async def choose_voice(self, name: str | None) -> None:
        """Speak with this voice from now on; None for the configured one."""
        if name is not None:
            chosen = (await self._manager.voices_with(name)).require(name)
            # Under its full name: an alias may come to stand for another.
            name = full_name(chosen)
        self._manager.defaults.choose_voice(name)
        await self._manager.renew_voices()
        # Which voice that is can be told only now.
        self._bus.publish(DefaultsChanged())

    async def speed(self, command: SpeedCommand) -> None:
        """Choose a speed."""
        self._manager.defaults.choose_speed(command.speed)

    async def keep_alive(self, command: KeepAliveCommand) -> None:
        """Choose how long idle models stay."""
        self._manager.defaults.choose_keep_alive(command.keep_alive)


def resolve(manager: ModelManager, name: str) -> str:
    """The id of the model that a name means."""
    model = manager.registry.resolve(name)
    if model is None:
        known = ", ".join(manager.registry.models) or "none"
        raise UnknownModel(f"There is no model {name!r}; models: {known}")
    return model


def _is_automatic(name: str) -> bool:
    return not name or name.lower() == AUTOMATIC
