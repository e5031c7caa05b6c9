"""The ways into the service, as clients see them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class WyomingInfo(BaseModel):
    """The Wyoming server, for Home Assistant and satellites."""

    addresses: list[str] = Field([], description="Where it listens.")
    clients: list[str] = Field(
        [], description="The addresses of those who are connected, once for each connection; local by a Unix socket."
    )
    most: int = Field(0, description="Connections that it takes at a time.")


class HttpInfo(BaseModel):
    """The side server."""

    address: str = Field("", description="Where it listens.")
    public_url: str = Field("", description="How clients reach it, where that is configured.")
    has_tls: bool = Field(False, description="Whether they do so over TLS, by a proxy before it.")
    wants_key: bool = Field(False, description="Whether clients must show a key.")


class MqttInfo(BaseModel):
    """The connection to the MQTT broker."""

    state: Literal["off", "connecting", "connected", "disconnected"] = "off"
    broker: str = Field("", description="Its address; empty when MQTT is off.")
    problem: str | None = Field(None, description="Why it is disconnected, and what to change.")


class DiscoveryInfo(BaseModel):
    """What others on the network see of the service, by zeroconf."""

    state: Literal["off", "starting", "announced", "failed"] = "off"
    name: str = Field("", description="What it is announced as.")
    addresses: list[str] = Field([], description="Where others are told to find it.")
    problem: str | None = Field(None, description="Why it is not announced.")


class FrontsInfo(BaseModel):
    """The ways in."""

    wyoming: WyomingInfo
    http: HttpInfo
    mqtt: MqttInfo
    discovery: DiscoveryInfo
