"""The name of every topic."""

from __future__ import annotations


class Topics:
    """All topics are below one base, so that several services can share a broker."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")

        self.availability = self._name("availability")
        """`online` or `offline`; the broker says `offline` when the connection is lost."""

        self.service = self._name("service")
        self.state = self._name("state")
        self.models = self._name("models")
        self.queue = self._name("queue")
        self.last_job = self._name("last_job")
        self.last_error = self._name("last_error")

        self.voice = self._name("voice")
        self.speed = self._name("speed")
        self.model = self._name("model")
        self.keep_alive = self._name("keep_alive")

        self.job_events = self._event("job")
        self.model_events = self._event("model")
        self.download_events = self._event("download")
        self.error_events = self._event("error")
        self.say_events = self._event("say")

        self.say = self._command("say")
        self.stop = self._command("stop")
        self.load = self._command("load")
        self.unload = self._command("unload")
        self.choose_voice = self._command("voice")
        self.choose_speed = self._command("speed")
        self.choose_model = self._command("model")
        self.choose_keep_alive = self._command("keep_alive")
        self.download = self._command("download")
        self.clear_cache = self._command("clear_cache")

        self.all_gpus = self.gpu("+")
        self.all_downloads = self._name("downloads", "#")

    @property
    def commands(self) -> str:
        """A filter for all commands."""
        return self._command("+")

    def gpu(self, index: int | str) -> str:
        """The readings of a GPU."""
        return self._name("gpu", str(index))

    def download_of(self, name: str) -> str:
        """How far a download is; models of the hub and voices have a slash in their names."""
        return self._name("downloads", "".join("_" if letter in "#+\0" else letter for letter in name))

    def _name(self, *parts: str) -> str:
        return "/".join((self.base, *parts))

    def _event(self, name: str) -> str:
        return self._name("event", name)

    def _command(self, name: str) -> str:
        return self._name("command", name)
