"""What is on disk: looked at once for many who ask, not too often, and at once when something changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fault_models import fault_registry
from managed import Manage, until

from wyoming_openspeakers.engines.base import Engine
from wyoming_openspeakers.models import inventory as module
from wyoming_openspeakers.models.inventory import Inventory, Stock
from wyoming_openspeakers.models.registry import Registry


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were looked at, in order."""
    seen: list[str] = []
    real = Inventory._stock

    def look(self: Inventory, model: str) -> Stock:
        seen.append(model)
        return real(self, model)

    monkeypatch.setattr(Inventory, "_stock", look)
    return seen


def inventory(manage: Manage) -> Inventory:
    manager = manage({"fault": {"ram": "200MB"}}).manager
    return Inventory(manager.registry, manager.residents)


async def test_what_is_found(manage: Manage, tmp_path: Path) -> None:
    (tmp_path / "fault" / ".partial").mkdir(parents=True)
    (tmp_path / "fault" / "voices.txt").write_text("anna berta")
    (tmp_path / "fault" / ".partial" / "x").write_text("12345")
    found = (await inventory(manage).get())["fault"]
    assert [voice.name for voice in found.voices] == ["plain", "anna", "berta"]
    assert (found.problem, found.bytes, found.partial_bytes) == (None, 15, 5)
    assert (found.need.host, found.need.device) == (200_000_000, 0)
    assert found.capabilities.speed == (0.5, 2.0)


async def test_many_who_ask_make_one_look(manage: Manage, looks: list[str]) -> None:
    stock = inventory(manage)
    await asyncio.gather(*(stock.get() for _ in range(20)))
    await stock.get()
    assert looks == ["fault"]


@pytest.mark.parametrize("old", [0, 100])
async def test_an_old_look_is_renewed_and_will_do_only_for_a_while(
    manage: Manage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: float
) -> None:
    stock = inventory(manage)
    await stock.get()
    (tmp_path / "fault").mkdir()
    (tmp_path / "fault" / "voices.txt").write_text("anna")
    assert len((await stock.get())["fault"].voices) == 1
    monkeypatch.setattr(module, "_AGE", 0)
    monkeypatch.setattr(module, "_OLD", old)
    assert len((await stock.get())["fault"].voices) == (1 if old else 2)
    await until(lambda: stock._looking is None)
    assert len((await stock.get())["fault"].voices) == 2
    await until(lambda: stock._looking is None)


async def test_a_change_is_seen_by_who_asks_next_even_while_somebody_looks(
    manage: Manage, looks: list[str], tmp_path: Path
) -> None:
    stock = inventory(manage)
    early = asyncio.create_task(stock.get())
    await until(lambda: bool(looks))
    (tmp_path / "fault").mkdir()
    (tmp_path / "fault" / "voices.txt").write_text("anna")
    stock.spoil()
    assert len((await stock.get())["fault"].voices) == 2
    await early
    assert len(looks) == 2


async def test_a_model_that_has_come_since_is_looked_at(manage: Manage) -> None:
    manager = manage().manager
    stock = Inventory(manager.registry, manager.residents)
    await stock.get()
    manager.registry.add_on_demand("owner/name", "1" * 40)
    assert (await stock.get())["owner/name"].problem


async def test_a_model_that_goes_meanwhile_does_not_matter(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = manage().manager
    manager.registry.add_on_demand("owner/name", "1" * 40)
    real = Registry.engine

    def engine(self: Registry, model: str) -> type[Engine]:
        self.forget(model)
        return real(self, model)

    monkeypatch.setattr(Registry, "engine", engine)
    assert list(await Inventory(manager.registry, manager.residents).get()) == ["fault"]


async def test_an_engine_that_fails_is_a_problem_of_its_model_only(
    manage: Manage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr(Registry, "capabilities", fail)
    found = (await inventory(manage).get())["fault"]
    assert found.problem and "log" in found.problem and "oh" in caplog.text
    assert fault_registry(fault={}).engine("fault").capabilities == found.capabilities
