"""Who we are at which broker: read anew for each connection, as files with passwords and certificates change."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from ...config.tree import MqttConfig
from .troubles import Trouble


@dataclass(frozen=True)
class Credentials:
    """What it takes to connect."""

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    is_insecure: bool = False

    @property
    def broker(self) -> str:
        """The broker's address, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Patience:
    """How long to wait for a broker, in seconds."""

    keepalive: int = 30
    """For anything at all."""

    answer: float = 10.0
    """For an answer to what wants one."""

    version: float = 3.0
    """For a broker to say that it speaks MQTT 5; older ones may just say nothing."""


def read_credentials(config: MqttConfig, installation: str) -> Credentials:
    """Those of the configuration. Reads files; raises Trouble."""
    return Credentials(
        host=config.host,
        port=config.port or (8883 if config.tls else 1883),
        client_id=config.client_id or f"openspeakers-{installation}",
        username=config.username,
        password=_password(config),
        tls=_tls(config) if config.tls else None,
        is_insecure=config.tls_insecure,
    )


def _password(config: MqttConfig) -> str:
    if not config.password_file:
        return config.password.get_secret_value()
    try:
        return Path(config.password_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"mqtt.password_file cannot be read: {error}", lasts=True) from None


def _tls(config: MqttConfig) -> ssl.SSLContext:
    try:
        authorities = str(Path(config.tls_ca).expanduser()) if config.tls_ca else None
        context = ssl.create_default_context(cafile=authorities)
    except (OSError, ValueError) as error:
        raise Trouble(f"mqtt.tls_ca: {config.tls_ca} is no file with certificates: {error}", lasts=True) from None
    if config.tls_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
