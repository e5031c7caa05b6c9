"""Where models can run, and which place is chosen."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.errors import ModelUnavailable, OutOfMemory
from wyoming_openspeakers.events import Gpu
from wyoming_openspeakers.models.memory.devices import (
    Device,
    Need,
    Room,
    choose,
    engine_device,
    find_devices,
    wish_for,
    worker_variables,
)

GB = 10**9
CPU = Device("cpu", "cpu", 32 * GB)
MPS = Device("mps", "mps", 32 * GB)
GPUS = [Device(f"cuda:{index}", "cuda", 12 * GB, f"GPU-{index}") for index in range(3)]
ALL = ("cuda", "mps", "cpu")
NEED = Need(device=4 * GB, host=5 * GB)


def room(device: Device, free: int, evictable: int = 0, budget: int = 10) -> Room:
    """Gigabytes."""
    return Room(device, budget * GB, free * GB, evictable * GB)


def chosen(usable: tuple[str, ...], wish: str, *rooms: Room, need: Need = NEED) -> str:
    return choose("talker", usable, wish, rooms, need).device.name


def test_the_devices_of_a_machine() -> None:
    gpus = [Gpu(index, f"GPU-{index}", "NVIDIA X", memory_total=12 * GB, memory_used=0) for index in (0, 2)]
    assert find_devices(gpus, 32 * GB, "Linux", "x86_64") == [CPU, GPUS[0], GPUS[2]]
    assert find_devices([], 32 * GB, "Darwin", "arm64") == [CPU, MPS]
    assert find_devices([], 32 * GB, "Darwin", "x86_64") == [CPU]
    assert find_devices([], 32 * GB, "Linux", "aarch64") == [CPU]


def test_auto_takes_the_engines_best_kind_that_is_there() -> None:
    assert chosen(ALL, "auto", room(CPU, 8), room(GPUS[0], 8)) == "cuda:0"
    assert chosen(ALL, "auto", room(CPU, 8), room(MPS, 8)) == "mps"
    assert chosen(ALL, "auto", room(CPU, 8)) == "cpu"
    assert chosen(("cpu",), "auto", room(CPU, 8), room(GPUS[0], 8)) == "cpu"
    assert chosen(("cpu", "cuda"), "auto", room(GPUS[0], 8), room(CPU, 8)) == "cpu"


def test_among_gpus_with_room_the_freest() -> None:
    assert chosen(ALL, "auto", room(GPUS[0], 5), room(GPUS[1], 9), room(GPUS[2], 7)) == "cuda:1"
    assert chosen(ALL, "cuda", room(GPUS[0], 5), room(GPUS[1], 5)) == "cuda:0"


def test_a_gpu_with_room_comes_before_one_that_must_evict() -> None:
    assert chosen(ALL, "auto", room(GPUS[0], 3, evictable=9), room(GPUS[1], 4)) == "cuda:1"


def test_without_room_the_gpu_that_evicts_least() -> None:
    rooms = room(GPUS[0], 1, evictable=9), room(GPUS[1], 3, evictable=7), room(GPUS[2], 2, evictable=8)
    assert chosen(ALL, "auto", *rooms) == "cuda:1"
    too_small = replace(rooms[1], budget=3 * GB)
    assert chosen(ALL, "auto", rooms[0], too_small, rooms[2]) == "cuda:2"
    cannot_evict = replace(rooms[1], evictable=0)
    assert chosen(ALL, "auto", rooms[0], cannot_evict, rooms[2]) == "cuda:2"


def test_a_model_that_fits_on_no_gpu_runs_on_the_processor_only_with_auto() -> None:
    rooms = room(CPU, 8), room(GPUS[0], 3, budget=3), room(GPUS[1], 1, evictable=2)
    assert chosen(ALL, "auto", *rooms) == "cpu"
    for wish in ("cuda", "cuda:0"):
        with pytest.raises(
            OutOfMemory, match=r"^Model talker does not fit: it takes 4.0 GB where cuda:0 can give 3.0 GB"
        ):
            chosen(ALL, wish, *rooms)
    with pytest.raises(OutOfMemory):
        chosen(("cuda",), "auto", *rooms)


def test_the_processors_budget_holds_too() -> None:
    with pytest.raises(OutOfMemory, match=r"5.0 GB where cpu can give 4.0 GB \(models.host_memory allows 10.0 GB\)"):
        chosen(("cpu",), "auto", room(CPU, 4))
    assert chosen(("cpu",), "cpu", room(CPU, 1, evictable=4)) == "cpu"


def test_what_does_not_fit_is_told_with_what_to_do() -> None:
    def advice(wish: str, *rooms: Room) -> str:
        with pytest.raises(OutOfMemory) as caught:
            chosen(ALL, wish, *rooms)
        return str(caught.value).rpartition("; ")[2]

    assert advice("auto", room(GPUS[0], 3, budget=3)) == "raise that, or take a smaller model"
    assert advice("auto", room(Device("cuda:0", "cuda", 3 * GB), 3, budget=3)) == "take a smaller model"
    held = room(GPUS[0], 3)
    assert advice("auto", held) == "unload another model, or let one go that is on standby, or take a smaller model"
    assert "set its device to auto, for cpu has room" in advice("cuda", held, room(CPU, 8))


def test_a_need_that_is_not_known_fits_anywhere() -> None:
    assert chosen(ALL, "auto", room(CPU, 8), room(GPUS[0], 0), need=Need()) == "cuda:0"


def test_a_device_by_name_is_taken_at_its_word() -> None:
    rooms = room(CPU, 8), room(GPUS[0], 9), room(GPUS[1], 1, evictable=5)
    assert chosen(ALL, "cuda:1", *rooms) == "cuda:1"
    assert chosen(ALL, "cpu", *rooms) == "cpu"


@pytest.mark.parametrize(
    ("usable", "wish", "says"),
    [
        (ALL, "cuda:3", "Model talker cannot run on cuda:3: there is none; this machine has cpu, cuda:0"),
        (ALL, "mps", "Model talker cannot run on mps: there is none; this machine has cpu, cuda:0"),
        (
            ("cpu",),
            "cuda",
            "Model talker cannot run on cuda: its engine uses cpu only; this machine has cpu, cuda:0",
        ),
        (("mps",), "auto", "Model talker runs on mps only; this machine has cpu, cuda:0"),
    ],
)
def test_a_wish_that_cannot_be_met_is_told(usable: tuple[str, ...], wish: str, says: str) -> None:
    with pytest.raises(ModelUnavailable) as error:
        chosen(usable, wish, room(CPU, 8), room(GPUS[0], 8))
    assert str(error.value) == says


def test_what_is_asked_for_all_models_is_no_order_to_those_that_cannot() -> None:
    assert wish_for("cpu", "cuda", ALL) == "cpu"
    assert wish_for("cuda", "cpu", ("cpu",)) == "cuda"
    assert wish_for(None, "cuda:1", ALL) == "cuda:1"
    assert wish_for(None, "cuda:1", ("cpu",)) == "auto"
    assert wish_for(None, "auto", ("cpu",)) == "auto"


def test_a_worker_sees_its_device_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert worker_variables(GPUS[1]) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "GPU-1"}
    assert worker_variables(CPU) == worker_variables(MPS) == {"CUDA_VISIBLE_DEVICES": ""}
    assert [engine_device(device) for device in (CPU, MPS, GPUS[1])] == ["cpu", "mps", "cuda"]


def test_a_slice_of_a_gpu_that_the_service_was_given_is_handed_on() -> None:
    assert worker_variables(GPUS[0], "MIG-0123")["CUDA_VISIBLE_DEVICES"] == "MIG-0123"
    assert worker_variables(CPU, "MIG-0123")["CUDA_VISIBLE_DEVICES"] == ""


sizes = st.integers(0, 12)
kinds = st.permutations(ALL).flatmap(lambda order: st.integers(1, 3).map(lambda count: tuple(order[:count])))
needs = st.builds(Need, sizes, sizes)


@st.composite
def machines(draw: Any) -> list[Room]:
    """Any machine: some devices, with some of their budgets taken."""
    rooms = []
    for device in draw(st.lists(st.sampled_from([CPU, MPS, *GPUS]), unique=True)):
        budget = draw(sizes)
        free = draw(st.integers(0, budget))
        rooms.append(Room(device, budget, free, draw(st.integers(0, budget - free))))
    return rooms


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(kinds, st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:2"]), machines(), needs, st.randoms())
def test_any_choice_keeps_the_rules(usable: tuple[str, ...], wish: str, rooms: list[Room], need: Need, by: Any) -> None:
    possible = [
        room
        for room in rooms
        if room.device.kind in usable
        and wish in ("auto", room.device.kind, room.device.name)
        and need.on(room.device) <= min(room.budget, room.free + room.evictable)
    ]
    try:
        found = choose("talker", usable, wish, rooms, need)
    except (ModelUnavailable, OutOfMemory) as error:
        assert not possible, error
        return
    assert found in possible
    best = [room for room in possible if room.device.kind == found.device.kind]
    assert usable.index(found.device.kind) == min(usable.index(room.device.kind) for room in possible)
    missing = max(0, need.on(found.device) - found.free)
    assert missing == min(max(0, need.on(room.device) - room.free) for room in best)
    if missing == 0:
        assert found.free == max(room.free for room in best)
    by.shuffle(rooms)
    assert choose("talker", usable, wish, rooms, need) == found
