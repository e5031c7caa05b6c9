"""A real Home Assistant with nothing but its MQTT integration, to be run by a Python that has `homeassistant`.

    python real_home_assistant.py PORT

It connects to a broker on the loopback interface and answers each line of JSON on standard input with one on standard
output: `{"do": "look"}` tells of its entities, devices and log, `{"do": "call", "service": "select.select_option",
"data": {...}}` does what a person would do, and the end of the input ends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant import bootstrap, config_entries, loader
from homeassistant.const import __version__
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import device_registry, entity_registry


class _Log(logging.Handler):
    """What Home Assistant's integrations complain of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("homeassistant.components."):
            self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


async def start(folder: Path, port: int) -> HomeAssistant:
    """Begin as Home Assistant does, with MQTT set up as its dialogue leaves it."""
    (folder / "configuration.yaml").write_text("")
    hass = HomeAssistant(str(folder))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    await bootstrap.async_load_base_functionality(hass)
    # These are for pages and dialogues only.
    hass.config.components.update({"http", "file_upload", "repairs"})
    hass.set_state(CoreState.running)
    entry = config_entries.ConfigEntry(
        data={"broker": "127.0.0.1", "port": port},
        discovery_keys=MappingProxyType({}),
        domain="mqtt",
        minor_version=2,
        options={},
        source="user",
        subentries_data=None,
        title="MQTT",
        unique_id=None,
        version=1,
    )
    await hass.config_entries.async_add(entry)
    await hass.async_block_till_done()
    return hass


def look(hass: HomeAssistant, log: _Log) -> dict[str, Any]:
    """How things are."""
    devices = device_registry.async_get(hass).devices.values()
    known = entity_registry.async_get(hass).entities.values()
    return {
        "version": __version__,
        "states": {state.entity_id: state.state for state in hass.states.async_all()},
        "attributes": {state.entity_id: dict(state.attributes) for state in hass.states.async_all()},
        "devices": [
            {"name": each.name, "url": each.configuration_url, "sw_version": each.sw_version, "model": each.model}
            for each in devices
        ],
        "registered": {
            each.unique_id: {
                "entity_id": each.entity_id,
                "disabled": each.disabled_by is not None,
                "category": each.entity_category,
            }
            for each in known
        },
        "log": log.lines,
    }


async def main(port: int) -> None:
    """Answer until nobody asks."""
    log = _Log()
    logging.getLogger().addHandler(log)
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        hass = await start(Path(folder), port)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            asked = json.loads(line)
            answer: dict[str, Any]
            try:
                if asked["do"] == "call":
                    domain, service = asked["service"].split(".")
                    await hass.services.async_call(domain, service, asked["data"], blocking=True)
                answer = look(hass, log)
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer, default=str), flush=True)
        await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
