"""Discovery, seen by a real zeroconf browser over the loopback interface."""

import asyncio
import ipaddress
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zeroconf
from hypothesis import given, settings
from hypothesis import strategies as st
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from wyoming_openspeakers.addresses import IPAddress, is_routable, list_machine_addresses, reachable_addresses
from wyoming_openspeakers.fronts.wyoming import discovery
from wyoming_openspeakers.fronts.wyoming.discovery import (
    SERVICE_TYPE,
    Discovery,
    DiscoveryState,
    fit_label,
    friendly_host_name,
)
from wyoming_openspeakers.installation import stable_id

LOOPBACK = ["127.0.0.1"]
KITCHEN = f"Kitchen speech {os.getpid()}"
"""Not the name in another run of these tests on the same machine."""

ADDRESSES = st.lists(st.ip_addresses(), max_size=6)


def addresses(*texts: str) -> list[IPAddress]:
    return [ipaddress.ip_address(text) for text in texts]


HOME = addresses("127.0.0.1", "192.168.7.20", "169.254.3.4", "::1", "fd00::20", "fe80::20")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.02)


class Browser:
    """What another machine sees."""

    def __init__(self, network: AsyncZeroconf) -> None:
        self.network = network
        self.names: set[str] = set()
        self.browser = AsyncServiceBrowser(network.zeroconf, [SERVICE_TYPE], handlers=[self._changed])

    def _changed(self, zeroconf: object, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if name.startswith(KITCHEN):
            (self.names.discard if state_change is ServiceStateChange.Removed else self.names.add)(name)

    async def until(self, condition: Callable[[set[str]], bool]) -> None:
        await until(lambda: condition(self.names))

    async def info(self, name: str) -> AsyncServiceInfo:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        assert await info.async_request(self.network.zeroconf, 3000)
        return info


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    network = AsyncZeroconf(interfaces=LOOPBACK)
    seen = Browser(network)
    yield seen
    await seen.browser.async_cancel()
    await network.async_close()


def make(
    data_dir: Path, *uris: str, name: str | None = None, machine: list[IPAddress] | None = None, every: float = 60
) -> Discovery:
    own = HOME if machine is None else machine
    return Discovery(
        uris, data_dir, name, interfaces=LOOPBACK, machine_addresses=lambda: list(own), check_every=every
    )


@pytest.mark.slow
async def test_the_service_appears_with_its_port_and_addresses_and_says_goodbye(
    browser: Browser, tmp_path: Path
) -> None:
    found = make(tmp_path, "tcp://0.0.0.0:10200", name=KITCHEN)
    await found.stop()
    await found.start()
    full = f"{KITCHEN}.{SERVICE_TYPE}"
    await browser.until(lambda names: full in names)
    info = await browser.info(full)
    assert info.port == 10200
    assert info.parsed_addresses() == ["192.168.7.20"]
    assert [(a.name, a.port, a.addresses) for a in found.advertised] == [(KITCHEN, 10200, ("192.168.7.20",))]
    assert found.state == DiscoveryState("announced", KITCHEN, ("192.168.7.20:10200",))

    await found.stop()
    await browser.until(lambda names: full not in names)
    assert found.advertised == ()
    await found.stop()


@pytest.mark.slow
async def test_both_families_and_several_ports(browser: Browser, tmp_path: Path) -> None:
    uris = ("tcp://[::]:10200", "tcp://0.0.0.0:10200", "tcp://0.0.0.0:10300", "unix:///run/x")
    found = make(tmp_path, *uris, name=KITCHEN)
    await found.start()
    names = {f"{KITCHEN}.{SERVICE_TYPE}", f"{KITCHEN}-10300.{SERVICE_TYPE}"}
    await browser.until(names.issubset)
    first = await browser.info(f"{KITCHEN}.{SERVICE_TYPE}")
    second = await browser.info(f"{KITCHEN}-10300.{SERVICE_TYPE}")
    assert (first.port, set(first.parsed_addresses())) == (10200, {"192.168.7.20", "fd00::20"})
    assert (second.port, second.parsed_addresses()) == (10300, ["192.168.7.20"])
    await found.stop()
    await browser.until(names.isdisjoint)


@pytest.mark.slow
async def test_the_name_is_the_same_after_a_restart_and_differs_between_installations(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        found = make(tmp_path, "tcp://0.0.0.0:10200")
        await found.start()
        names += [service.name for service in found.advertised]
        await found.stop()
    assert names == [f"{friendly_host_name()}-{stable_id(tmp_path)}"] * 2
    assert stable_id(tmp_path) != stable_id(tmp_path / "other")


@pytest.mark.slow
async def test_a_name_that_is_taken_is_changed(browser: Browser, tmp_path: Path) -> None:
    first = make(tmp_path / "one", "tcp://0.0.0.0:10200", name=KITCHEN)
    second = make(tmp_path / "two", "tcp://0.0.0.0:10300", name=KITCHEN)
    await first.start()
    await second.start()
    await browser.until(lambda names: len(names) == 2)
    assert [service.name for service in first.advertised] == [KITCHEN]
    (changed,) = [service.name for service in second.advertised]
    assert changed != KITCHEN
    assert (await browser.info(f"{changed}.{SERVICE_TYPE}")).port == 10300
    await first.stop()
    await second.stop()


@pytest.mark.slow
async def test_addresses_are_followed_while_running(browser: Browser, tmp_path: Path) -> None:
    machine = addresses("192.168.7.20")
    found = make(tmp_path, "tcp://0.0.0.0:10200", name=KITCHEN, machine=machine, every=0.05)
    assert found.state == DiscoveryState("starting")
    await found.start()
    machine[:] = addresses("10.0.0.9")
    await until(lambda: [service.addresses for service in found.advertised] == [("10.0.0.9",)])
    await browser.until(lambda names: f"{KITCHEN}.{SERVICE_TYPE}" in names)
    info = await browser.info(f"{KITCHEN}.{SERVICE_TYPE}")
    assert info.parsed_addresses() == ["10.0.0.9"]

    machine.clear()
    await browser.until(lambda names: not names)
    assert found.advertised == ()
    assert found.state == DiscoveryState("failed", problem="This machine has no address on a network")
    machine[:] = addresses("10.0.0.9")
    await until(lambda: found.state == DiscoveryState("announced", KITCHEN, ("10.0.0.9:10200",)))
    await found.stop()


@pytest.mark.parametrize("uri", ["tcp://127.0.0.1:10200", "tcp://localhost:10200", "tcp://[::1]:1", "unix:///run/x"])
async def test_what_only_this_machine_can_reach_is_not_advertised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, uri: str
) -> None:
    found = make(tmp_path, uri)
    with caplog.at_level(logging.INFO):
        await found.start()
    assert found.advertised == ()
    assert found.state == DiscoveryState("failed", problem=f"{uri} cannot be reached from other machines")
    assert [record.levelname for record in caplog.records if record.name == discovery.__name__] == ["INFO"]
    assert uri in caplog.text
    await found.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [OSError(1, "Operation not permitted"), pytest.param(zeroconf.NotRunningException(), marks=pytest.mark.slow)],
)
async def test_a_network_that_permits_no_multicast_is_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(**_: object) -> AsyncZeroconf:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(discovery, "AsyncZeroconf", refuse)
        found = make(tmp_path, "tcp://0.0.0.0:10200", every=0.01)
        await found.start()
        await asyncio.sleep(0.1)
        assert found.state.state == "failed"
        assert found.state.problem == f"{str(error) or type(error).__name__}; it is tried again within a minute"
    assert [record.levelname for record in caplog.records if record.levelno >= logging.WARNING] == ["WARNING"]
    await until(lambda: bool(found.advertised))
    await found.stop()


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ("0.0.0.0", ["192.168.7.20"]),
        ("::", ["fd00::20"]),
        ("192.168.7.20", ["192.168.7.20"]),
        ("10.1.1.1", ["10.1.1.1"]),
        ("127.0.0.1", None),
        ("::1", None),
        ("169.254.3.4", None),
        ("fe80::20", None),
    ],
)
def test_only_routable_addresses_are_chosen(bound: str, expected: list[str] | None) -> None:
    chosen = reachable_addresses([(ipaddress.ip_address(bound), 1)], HOME)
    assert chosen == ({} if expected is None else {1: addresses(*expected)})


def test_an_address_that_is_bound_twice_counts_once() -> None:
    endpoints = [(ipaddress.ip_address(text), 1) for text in ("::", "192.168.7.20", "0.0.0.0")]
    assert reachable_addresses(endpoints, HOME) == {1: addresses("192.168.7.20", "fd00::20")}


@settings(deadline=None, max_examples=100)
@given(ADDRESSES, st.lists(st.tuples(st.ip_addresses(), st.integers(1, 9)), max_size=4))
def test_nothing_unreachable_is_ever_advertised(
    machine: list[IPAddress], endpoints: list[tuple[IPAddress, int]]
) -> None:
    for port, chosen in reachable_addresses(endpoints, machine).items():
        assert chosen
        assert len(set(chosen)) == len(chosen)
        assert all(is_routable(address) for address in chosen)
        bound = {address for address, bound_port in endpoints if bound_port == port}
        assert set(chosen) <= bound | set(machine)


def test_bridges_to_containers_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Adapter:
        def __init__(self, name: str, *ips: str | tuple[str, int, int]) -> None:
            self.nice_name = name
            self.ips = [type("IP", (), {"ip": ip})() for ip in ips]

    adapters = [
        Adapter("lo", "127.0.0.1"),
        Adapter("eth0", "192.168.7.20", ("fd00::20", 0, 0)),
        Adapter("br0", "192.168.8.1"),
        Adapter("docker0", "172.17.0.1"),
        Adapter("br-0123456789ab", "172.18.0.1"),
        Adapter("veth12ab", "172.19.0.1"),
    ]
    monkeypatch.setattr("ifaddr.get_adapters", lambda: adapters)
    assert list_machine_addresses() == addresses("127.0.0.1", "192.168.7.20", "fd00::20", "192.168.8.1")


@pytest.mark.parametrize(
    ("host", "name"),
    [("kitchen.lan", "kitchen"), ("localhost", "openspeakers"), ("3f2a9c01d4ee", "openspeakers"), ("pi", "pi")],
)
def test_the_host_name_reads_well(monkeypatch: pytest.MonkeyPatch, host: str, name: str) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    assert friendly_host_name() == name


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1, max_size=90), st.sampled_from(["", "-10300"]))
def test_every_name_fits_into_dns(name: str, suffix: str) -> None:
    fitted = fit_label(name, suffix)
    assert len(fitted.encode()) <= 63
    assert fitted.endswith(suffix)
    if name.isprintable() and len(name.strip().encode()) <= 57:
        assert fitted == name.strip() + suffix


def test_the_id_is_private_and_made_once(tmp_path: Path) -> None:
    made = stable_id(tmp_path / "data")
    assert stable_id(tmp_path / "data") == made
    assert (tmp_path / "data/discovery-id").stat().st_mode & 0o777 == 0o600


def test_a_broken_id_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "discovery-id").write_bytes(b"\xff nonsense")
    made = stable_id(tmp_path)
    assert stable_id(tmp_path) == made


def test_an_id_that_cannot_be_kept_is_stable_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    assert stable_id(tmp_path / "file") == stable_id(tmp_path / "file")
    assert "cannot be kept" in caplog.text
