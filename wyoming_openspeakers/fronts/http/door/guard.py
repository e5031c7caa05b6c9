"""Who may ask: by the name that the service was called by, by the web page that asks, and by the key."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from ....config import HttpConfig
from ....errors import ConfigError, NotAllowed, Unauthorized
from ....links import Links
from ..api import Operation

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_ANY = "*"
_LOCAL_DOMAINS = ("local", "lan", "home.arpa", "internal")
"""Domains of home networks, which nobody can own."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}


class Guard:
    """Decides about each request before anything of it is read."""

    def __init__(self, config: HttpConfig, names: Iterable[str] = ()) -> None:
        key = read_key(config)
        self._key = key.encode()
        self._links = Links(key)
        self._names = {"localhost", *(name.lower().rstrip(".") for name in (*names, *config.hosts))}
        self._origins = frozenset(_origin(origin) for origin in config.origins)
        self._proxies = tuple(ipaddress.ip_network(network, strict=False) for network in config.trusted_proxies)

    @property
    def has_key(self) -> bool:
        """Clients must show a key."""
        return bool(self._key)

    def allows_origin(self, origin: str) -> bool:
        """A web page of this origin may use the service."""
        return _origin(origin) in self._origins

    def check_host(self, request: web.Request) -> None:
        """Refuse names that are not the service's own.

        Otherwise any web page could let its own name point here, and read what it likes in the eyes of the browser.
        An address is never such a name, whichever it is: in a container the service cannot know its own. A trusted
        proxy passes on the name that it was called by, and it is for it to judge.
        """
        given = request.headers.getall("Host", [])
        if not given and request.version < (1, 1):
            return
        host = _host(given[0]) if len(given) == 1 else None
        if host is None:
            raise NotAllowed("The request must have one Host header")
        if _ANY in self._names or host in self._names or _is_address(host) or self._was_let_in(request):
            return
        raise NotAllowed(f"This service is not called {host}; see http.hosts")

    def check_origin(self, request: web.Request, *, is_websocket: bool) -> None:
        """Refuse what another's web page asks for; what is no web page has no origin."""
        origin = request.headers.get("Origin")
        if origin is not None and self.allows_origin(origin):
            return
        site = request.headers.get("Sec-Fetch-Site")
        if request.method in SAFE_METHODS and not is_websocket:
            # A page can show what it may not read, or make it play: only a link may lead here from elsewhere.
            if site == "cross-site" and request.headers.get("Sec-Fetch-Mode") != "navigate":
                raise NotAllowed("Web pages of other sites may not use this; see http.origins")
            return
        if site == "same-origin" or (site in (None, "none") and origin is None):
            return
        if origin is not None and _is_same(origin, request):
            return
        raise NotAllowed(f"Web pages of {origin or 'other sites'} may not use this; see http.origins")

    def is_trusted(self, request: web.Request, *, is_websocket: bool = False) -> bool:
        """The request has the key, needs none because of where it comes from, or there is none.

        Browsers cannot set headers of a WebSocket: there it may stand in the query, which is not logged.
        """
        if not self._key or self._was_let_in(request):
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            given = ""
        if not given.strip() and is_websocket:
            given = request.query.get("token", "")
        return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._key)

    def check_key(
        self, request: web.Request, operation: Operation, *, is_trusted: bool, public_listing: bool
    ) -> None:
        """Refuse what needs the key."""
        if is_trusted or operation.open or (operation.listing and public_listing):
            return
        if operation.by_link and self._links.opens(request.path, request.query):
            return
        raise Unauthorized("Send the service's key as `Authorization: Bearer KEY`")

    def _was_let_in(self, request: web.Request) -> bool:
        """A trusted proxy asks: by the address that it really has, as anybody can write any X-Forwarded-For."""
        if not self._proxies or not _is_address(address := (request.remote or "").partition("%")[0]):
            return False
        ip = ipaddress.ip_address(address)
        ip = (ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None) or ip
        return any(ip in network for network in self._proxies)


def read_key(config: HttpConfig) -> str:
    """The key; empty when there is none."""
    if not config.api_key_file:
        return config.api_key.get_secret_value().strip()
    if config.api_key.get_secret_value():
        raise ConfigError("http.api_key and http.api_key_file: set only one of them")
    try:
        key = Path(config.api_key_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ConfigError(f"http.api_key_file: {config.api_key_file}: {reason}") from None
    if not key:
        raise ConfigError(f"http.api_key_file: {config.api_key_file} is empty")
    return key


def own_names() -> list[str]:
    """What this machine is called at home; asks the network, which takes time."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return [name, socket.getfqdn(), short, *(f"{short}.{domain}" for domain in _LOCAL_DOMAINS)]


def is_loopback(host: str) -> bool:
    """Only this machine reaches what listens there."""
    bare = host.strip("[]")
    return bare == "localhost" or (_is_address(bare) and ipaddress.ip_address(bare).is_loopback)


def _host(header: str) -> str | None:
    """`kitchen` of `Kitchen.:8080`; None when it is no host at all."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    if parts.netloc != header or "@" in header or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _origin(origin: str) -> str:
    scheme, _, rest = origin.strip().lower().rstrip("/").partition("://")
    return f"{scheme}://{rest.removesuffix(_DEFAULT_PORTS.get(scheme, ':'))}"


def _is_same(origin: str, request: web.Request) -> bool:
    """The page came from here, directly or through a proxy: no page can set either header for another's site."""
    scheme, _, own = _origin(origin).partition("://")
    called = (request.headers.get("Host"), request.headers.get("X-Forwarded-Host"))
    return bool(own) and any(_origin(f"{scheme}://{host}").partition("://")[2] == own for host in called if host)
