"""One connection to a broker, from the first byte to the last; the MQTT library is imported here alone."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .credentials import Credentials, Patience
from .message import Message
from .outbox import Outgoing
from .reasons import explain

_LOGGER = logging.getLogger(__name__)
_LIBRARY_LOGGER = logging.getLogger(f"{__name__}.library")
_LIBRARY_LOGGER.setLevel(logging.CRITICAL)
"""What it complains about is raised as well."""

_MOST_INCOMING = 200
_LARGEST_PACKET = 2_000_000
_REFUSED = 128
"""The lowest code of an answer that is a refusal."""

_FAREWELL = 2.0
"""Seconds that a broker may take to hear that we go."""


class _Client(aiomqtt.Client):
    """Notices at once that a broker hangs up instead of answering, and cleans up where its base leaves things open."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.is_dialled = threading.Event()

    def _client_connect(self) -> None:
        try:
            super()._client_connect()
        finally:
            self.is_dialled.set()

    async def drop(self) -> None:
        """Close the socket, whatever state the connection is in."""
        self._client._sock_close()
        if self._misc_task:
            self._misc_task.cancel()
            await asyncio.gather(self._misc_task, return_exceptions=True)
        for outcome in (self._connected, self._disconnected):
            if outcome.done() and not outcome.cancelled():
                # Nobody may have waited for it.
                outcome.exception()

    def _on_socket_register_write(self, client: paho.Client, userdata: object, sock: Any) -> None:
        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def register() -> None:
            # It may be closed by now, and its number be that of another.
            if sock.fileno() >= 0:
                self._loop.add_writer(sock.fileno(), write)

        self._loop.call_soon_threadsafe(register)

    def _on_disconnect(self, *args: Any, **more: Any) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("hung up"))
        super()._on_disconnect(*args, **more)


class Session:
    """Connects once; what goes wrong is raised as Trouble, and then the session is of no more use."""

    def __init__(self, credentials: Credentials, will: Outgoing, patience: Patience, version: int) -> None:
        self._credentials = credentials
        self._patience = patience
        self._is_5 = version == 5
        connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        connect.MaximumPacketSize = _LARGEST_PACKET
        self._client = _Client(
            credentials.host,
            credentials.port,
            username=credentials.username or None,
            password=credentials.password or None,
            identifier=credentials.client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if self._is_5 else aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            clean_session=None if self._is_5 else True,
            properties=connect if self._is_5 else None,
            tls_context=_patient(credentials.tls, patience.answer) if credentials.tls else None,
            tls_insecure=credentials.is_insecure if credentials.tls else None,
            logger=_LIBRARY_LOGGER,
            keepalive=patience.keepalive,
            timeout=patience.version if self._is_5 else patience.answer,
            max_queued_incoming_messages=_MOST_INCOMING,
        )

    async def open(self) -> None:
        """Connect. Raises Trouble."""
        connecting = asyncio.create_task(self._connect(), name="connect to the MQTT broker")
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # The library dials in a thread, which cannot be stopped; what that opens has to be closed afterwards.
            await asyncio.to_thread(self._client.is_dialled.wait, _FAREWELL)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await self._client.drop()
            raise

    async def _connect(self) -> None:
        try:
            await self._client.__aenter__()
        except (aiomqtt.MqttError, OSError, UnicodeError) as error:
            await self._client.drop()
            raise explain(error, self._credentials, is_new=True) from error
        self.answers_within(self._patience.answer)

    def answers_within(self, seconds: float) -> None:
        """Wait so long for each answer from now on."""
        self._client.timeout = seconds

    async def subscribe(self, topic_filter: str) -> None:
        """Ask for the messages of some topics. Raises Trouble."""
        try:
            answers = await self._client.subscribe(topic_filter, qos=1)
        except (aiomqtt.MqttError, OSError) as error:
            raise explain(error, self._credentials) from error
        if any(getattr(answer, "value", answer) >= _REFUSED for answer in answers):
            _LOGGER.warning("MQTT: %s keeps %s from us: check its access list", self._credentials.broker, topic_filter)

    async def unsubscribe(self, topic_filter: str) -> None:
        """Ask for no more messages of some topics. Raises Trouble."""
        try:
            await self._client.unsubscribe(topic_filter)
        except (aiomqtt.MqttError, OSError) as error:
            raise explain(error, self._credentials) from error

    async def publish(self, message: Outgoing) -> None:
        """Send a message, and wait until the broker has it. Raises Trouble."""
        properties = None
        if self._is_5 and message.correlation is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = message.correlation
        try:
            await self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
        except ValueError as error:
            # To try again would not make it better.
            _LOGGER.error("%s cannot be published: %s", message.topic, error)
        except (aiomqtt.MqttError, OSError) as error:
            raise explain(error, self._credentials) from error

    async def messages(self) -> AsyncIterator[Message]:
        """What comes from the broker, until the connection is lost. Raises Trouble."""
        try:
            async for message in self._client.messages:
                asked = message.properties
                yield Message(
                    str(message.topic),
                    bytes(message.payload),
                    bool(message.retain),
                    str(getattr(asked, "ResponseTopic", "")),
                    getattr(asked, "CorrelationData", None),
                )
        except (aiomqtt.MqttError, OSError) as error:
            raise explain(error, self._credentials) from error

    def matches(self, topic_filter: str, message: Message) -> bool:
        """Whether a message is one of those that a filter asks for."""
        return paho.topic_matches_sub(topic_filter, message.topic)

    async def close(self, last: Outgoing | None = None) -> None:
        """Hang up, with a last word where the broker still listens."""
        self.answers_within(_FAREWELL)
        with suppress(aiomqtt.MqttError, OSError):
            if last:
                await self._client.publish(last.topic, last.payload, last.qos, last.retain)
            await self._client.__aexit__(None, None, None)
        await self._client.drop()


def _patient(context: ssl.SSLContext, seconds: float) -> ssl.SSLContext:
    """Bound the handshake, which the library lets take as long as the keepalive."""

    class Socket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            self.settimeout(seconds)
            try:
                super().do_handshake(block)
            except BaseException:
                # The library forgets a socket that it cannot use.
                self.close()
                raise

    context.sslsocket_class = Socket
    return context
