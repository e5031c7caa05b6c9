"""Where other machines can reach this one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import ifaddr

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_CONTAINER_BRIDGE = re.compile(r"(docker|veth|virbr|cni|cbr|podman|flannel|cali|lxc|lxd|hassio)|br-[0-9a-f]{12}$")


def reachable_addresses(
    endpoints: Iterable[tuple[IPAddress, int]], machine: Iterable[IPAddress]
) -> dict[int, list[IPAddress]]:
    """Where others can reach each port: the address it is bound to, or the machine's own when it is bound to all.

    Python binds `::` to IPv6 only, so each family counts for itself.
    """
    own = [address for address in machine if is_routable(address)]
    reachable: dict[int, list[IPAddress]] = {}
    for bound, port in endpoints:
        addresses = [bound]
        if bound.is_unspecified:
            addresses = [address for address in own if address.version == bound.version]
        for address in addresses:
            if is_routable(address) and address not in reachable.setdefault(port, []):
                reachable[port].append(address)
    return {port: sorted(addresses, key=_by_family) for port, addresses in reachable.items() if addresses}


def is_routable(address: IPAddress) -> bool:
    """Whether another machine can dial an address without knowing more."""
    return not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast)


def list_machine_addresses() -> list[IPAddress]:
    """Addresses of this machine, save those of bridges to its containers, which no other machine can reach."""
    return [
        ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
        for adapter in ifaddr.get_adapters()
        if not _CONTAINER_BRIDGE.match(adapter.nice_name)
        for ip in adapter.ips
    ]


def reachable_url(url: str, machine: Iterable[IPAddress] | None = None) -> str:
    """A URL on which this machine listens, as another can open it; as it is where none can."""
    parts = urlsplit(url)
    try:
        bound = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return url
    if not bound.is_unspecified or parts.port is None:
        return url
    own = list_machine_addresses() if machine is None else machine
    found = reachable_addresses([(bound, parts.port)], own).get(parts.port)
    host = str(found[0]) if found else "127.0.0.1" if bound.version == 4 else "::1"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port}"


def _by_family(address: IPAddress) -> int:
    return address.version
