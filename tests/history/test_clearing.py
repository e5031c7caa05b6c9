"""What a search finds is removed, all of it and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from history.conftest import OpenStore
from history.entries import entry

from wyoming_openspeakers.history.entry import Entry, Search
from wyoming_openspeakers.history.store import HistoryStore


async def kept(store: HistoryStore, **search: object) -> list[str | None]:
    found = await store.page(Search(page_size=100, **search))  # type: ignore[arg-type]
    return [one.text for one in reversed(found.entries)]


def house() -> list[Entry]:
    """Six of each: live and jobs, failed and complete, of two models."""
    return [
        entry(
            text=f"number {at} {'window' if at % 2 else 'windmill'}", created=float(at),
            kind="job" if at % 3 == 0 else "live", status="failed" if at % 4 == 0 else "complete",
            model="one" if at < 9 else "two", voice="one/a", front="mqtt" if at == 5 else "http",
        )
        for at in range(18)
    ]  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 4, 8000])
@pytest.mark.parametrize(
    ("search", "goes"),
    [
        ({"status": "failed"}, {0, 4, 8, 12, 16}),
        ({"model": "two"}, set(range(9, 18))),
        ({"voice": "one/b"}, set()),
        ({"front": "mqtt"}, {5}),
        ({"kinds": ("job",)}, {0, 3, 6, 9, 12, 15}),
        ({"words": "window"}, set(range(1, 18, 2))),
        ({"since": 3.0, "until": 7.0}, {3, 4, 5, 6}),
        ({"words": "wind 1", "until": 11.0}, {1, 10}),
        ({"page": 2, "page_size": 3}, set(range(18))),
    ],
)
async def test_what_is_found_goes(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch, search: dict[str, object], goes: set[int], at_once: int
) -> None:
    monkeypatch.setattr("wyoming_openspeakers.history.clearing.AT_ONCE", at_once)
    some = house()
    await store.add(*some)
    assert await store.delete_found(Search(**search)) == len(goes)  # type: ignore[arg-type]
    assert await kept(store) == [one.text for at, one in enumerate(some) if at not in goes]
    await store.settle()
    assert await kept(store, words="number") == await kept(store)


async def test_long_words_are_looked_up_in_every_text(store: HistoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_openspeakers.history.pages._LOOK_INTO", 2)
    mean = "thereathemin"
    some = [entry(text=mean if at % 5 == 0 else "there eat them he athe emi min rea") for at in range(20)]
    await store.add(*some)
    await store.settle()
    assert await store.delete_found(Search(words=mean)) == 4
    left = await kept(store)
    assert len(left) == 16 and mean not in left


async def test_what_is_not_over_stays(store: HistoryStore) -> None:
    some = [entry(kind="job", status=status, text=status) for status in ("pending", "running", "complete")]
    await store.add(*some, entry(kind="batch", batch="b", status="running", text="in a batch"))
    assert await store.delete_found(Search(status="running")) == 0
    assert await store.delete_found(Search(batch="b")) == 0
    assert await store.delete_found(Search(ids=[one.id for one in some])) == 1
    assert await store.delete_found(Search()) == 0
    assert await kept(store) == ["pending", "running", "in a batch"]


async def test_what_comes_meanwhile_stays(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_openspeakers.history.clearing.AT_ONCE", 2)
    store = await open_store()
    await store.add(*(entry(text=f"old {at}") for at in range(6)))
    write = store._database.write

    async def write_and_add(work: Callable[..., object], *arguments: object) -> object:
        done = await write(work, *arguments)
        if len(came) < 3:
            came.append(new := entry(text=f"new {len(came)}"))
            await store.add(new)
        return done

    came: list[Entry] = []
    monkeypatch.setattr(store._database, "write", write_and_add)
    assert await store.delete_found(Search()) == 6
    assert await kept(store) == ["new 0", "new 1", "new 2"]


async def test_audio_and_what_lies_beside_it_go_too(store: HistoryStore) -> None:
    some = [entry(created=float(at)) for at in range(12)]
    await store.add(*some)
    paths = []
    for one in some:
        path = store.new_file(one.id, "mp3")
        path.with_suffix(".words.json").touch()
        await store.keep(one.id, path)
        paths.append(path)
    assert await store.delete_found(Search(until=9.0)) == 9
    left = sorted(path for path in store.folder.rglob("*") if path.is_file())
    assert left == sorted(beside for path in paths[9:] for beside in (path, path.with_suffix(".words.json")))
