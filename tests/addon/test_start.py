"""The add-on as its container runs it: the real commands, a Supervisor on this machine, and the real voice."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from addon_container import INGRESS, NEIGHBOUR, Container, free_port
from addon_supervisor import ITS_OWN, MQTT, FakeSupervisor
from wyoming_client import Client

from wyoming_openspeakers.cli.addon.plan import Places
from wyoming_openspeakers.cli.addon.ready import tell_home_assistant, wait_until_ready
from wyoming_openspeakers.cli.addon.supervisor import Supervisor

ROOT = Path(__file__).parents[2]


@pytest.fixture
def containers(tmp_path: Path, supervisor: FakeSupervisor) -> Iterator[Any]:
    """Make a container: `container = containers(voice="x")`."""
    made: list[Container] = []

    def make(**options: Any) -> Container:
        folder = tmp_path / f"container{len(made)}"
        folder.mkdir()
        made.append(Container(folder, supervisor.url, options))
        return made[-1]

    yield make
    for container in made:
        container.stop()


@contextlib.asynccontextmanager
async def session(container: Container, address: str) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(f"http://{container.http}", connector=connector) as client:
        yield client


@pytest.mark.slow
async def test_it_starts_speaks_and_home_assistant_is_told(containers: Any, supervisor: FakeSupervisor) -> None:
    supervisor.mqtt = {**MQTT, "host": "127.0.0.1", "port": free_port()}
    container = containers(speed=1.1, models=["no-such-model", "hibari"], log_level="info")
    service, ready = container.start("openspeakers"), container.start("discovery")
    assert await asyncio.to_thread(ready.wait, 60) == 0
    port = container.uri.rpartition(":")[2]
    uri = f"tcp://{socket.gethostname()}:{port}"
    assert supervisor.discovered == [{"service": "wyoming", "config": {"uri": uri}}]
    assert "There is no model 'no-such-model'" in container.log("discovery")
    async with Client(container.uri) as speaker:
        answer = await speaker.synthesize("Hello there.")
    assert answer.error is None and answer.seconds > 0.3
    async with session(container, INGRESS) as client, client.get("/api/system/config") as reply:
        config = await reply.json()
    assert config["mqtt"]["host"] == "127.0.0.1" and config["mqtt"]["username"] == "addons"
    assert config["voice"]["speed"] == 1.1 and config["data_dir"] == str(container.data / "openspeakers")
    environment = psutil.Process(service.pid).environ()
    assert "SUPERVISOR_TOKEN" not in environment and "pass:word" not in " ".join(environment.values())
    service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 0
    assert "pass:word" not in container.log("openspeakers")


@pytest.mark.slow
async def test_only_home_assistants_pages_come_in_without_the_key(containers: Any) -> None:
    container = containers(api_key="kitchen")
    container.start("openspeakers")
    assert await asyncio.to_thread(wait_until_ready, container.uri, 60)
    house = {"Host": "homeassistant.local:8123"}
    async with session(container, INGRESS) as ingress, session(container, NEIGHBOUR) as neighbour:
        async with ingress.get("/api/models", headers=house) as reply:
            assert reply.status == 200
        async with neighbour.get("/api/models", headers={**house, "X-Forwarded-For": INGRESS}) as reply:
            assert reply.status == 401
        async with neighbour.get("/api/models", headers={**house, "Authorization": "Bearer kitchen"}) as reply:
            assert reply.status == 200


@pytest.mark.slow
async def test_a_server_elsewhere_speaks(containers: Any, default_service: Any) -> None:
    container = containers(remotes=[{"name": "den", "url": default_service.uri}], voice="den/hibari/heart", mqtt=False)
    container.start("openspeakers")
    assert await asyncio.to_thread(wait_until_ready, container.uri, 60)
    deadline = time.monotonic() + 20
    async with Client(container.uri) as client:
        while time.monotonic() < deadline:
            info = await client.info()
            voices = [voice["name"] for program in info.data["tts"] for voice in program["voices"]]
            remote = [name for name in voices if name.startswith("den/")]
            if remote:
                break
            await asyncio.sleep(0.2)
        assert remote, voices
        answer = await client.synthesize("Spoken in the den.", voice=remote[0])
    assert answer.error is None and answer.seconds > 0.3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"speed": 9}, "error: Option speed: should be less than or equal to 4, not 9"),
        ({"remotes": [{"name": "kokoro", "url": "tcp://a:1"}]}, "there is a model kokoro already"),
    ],
)
def test_what_is_wrong_ends_it_with_one_line(containers: Any, options: dict[str, Any], said: str) -> None:
    container = containers(**options)
    assert container.start("openspeakers").wait(30) == 2
    assert said in container.log("openspeakers") and "Traceback" not in container.log("openspeakers")


@pytest.mark.slow
def test_a_house_without_a_broker_has_no_mqtt_and_hears_why(containers: Any) -> None:
    container = containers()
    process = container.start("openspeakers")
    assert wait_until_ready(container.uri, 60)
    assert "MQTT is off. The Supervisor refuses /services/mqtt: Service not enabled" in container.log("openspeakers")
    assert process.poll() is None


@pytest.mark.slow
def test_a_broker_of_the_users_own_is_not_replaced(containers: Any, supervisor: FakeSupervisor) -> None:
    supervisor.mqtt = MQTT
    container = containers()
    (container.own / "config.yaml").write_text("mqtt: {host: 127.0.0.1, port: 9}")
    process = container.start("openspeakers")
    assert wait_until_ready(container.uri, 60)
    assert "OPENSPEAKERS__MQTT__HOST" not in psutil.Process(process.pid).environ()


def test_a_supervisor_that_is_still_starting_is_asked_again(supervisor: FakeSupervisor) -> None:
    supervisor.refusals = 3
    assert tell_home_assistant(Supervisor(ITS_OWN, supervisor.url), "tcp://0.0.0.0:10200", pause=0)
    assert len(supervisor.discovered) == 1


def test_a_supervisor_that_never_takes_it_is_given_up(
    supervisor: FakeSupervisor, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor.refusals = 100
    assert not tell_home_assistant(Supervisor(ITS_OWN, supervisor.url), "tcp://0.0.0.0:10200", pause=0)
    assert supervisor.discovered == [] and "Home Assistant does not know of" in caplog.text


@pytest.mark.slow
def test_a_service_that_does_not_come_up_is_not_announced(caplog: pytest.LogCaptureFixture) -> None:
    assert not wait_until_ready(f"tcp://127.0.0.1:{free_port()}", 0.1)
    assert "Home Assistant was not told" in caplog.text


def test_the_usual_places_are_those_of_the_image() -> None:
    usual = Places()
    docker = (ROOT / "addon/Dockerfile").read_text()
    assert f"--home-dir {usual.data}" in docker and usual.private == Path("/run/openspeakers")
