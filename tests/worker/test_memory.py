"""What memory a process takes, and gives back."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from faults.parking import Cuda

from wyoming_openspeakers.worker import memory

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

ARENAS = """
import ctypes, sys, threading
from wyoming_openspeakers.worker.memory import share_arenas
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
if sys.argv[1] == "shared":
    share_arenas()
together = threading.Barrier(8)
def take():
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""
"""Writes down the places that eight threads took memory from."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux alone")


@linux
def test_what_is_taken_counts_and_what_is_mapped_from_files_does_not(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(40_000_000))
    memory.give_back()
    before = memory.host_bytes()
    mapped = np.memmap(tmp_path / "weights", np.uint8, "r")
    assert int(mapped.sum()) == 0
    assert memory.host_bytes() - before < 5_000_000
    taken = np.ones(40_000_000, np.uint8)
    assert memory.host_bytes() - before == pytest.approx(40_000_000, abs=5_000_000)
    del taken
    memory.give_back()
    assert memory.host_bytes() - before < 5_000_000


@linux
@pytest.mark.parametrize(("how", "are_few"), [("shared", True), ("apart", False)])
def test_threads_share_the_places_that_they_take_memory_from(how: str, are_few: bool, tmp_path: Path) -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_info"):
        pytest.skip("only glibc has places for threads")
    subprocess.run([sys.executable, "-c", ARENAS, how, str(tmp_path / "info")], check=True, cwd=ROOT)
    places = (tmp_path / "info").read_text().count("<heap nr=")
    assert (1 <= places <= 2) == are_few


def test_elsewhere_it_is_at_least_what_the_process_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    exact = memory.host_bytes()
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    assert memory.host_bytes() >= exact > 10_000_000


def test_without_torch_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert memory.device_bytes() == 0
    memory.give_back()
    assert "torch" not in sys.modules


@pytest.mark.parametrize(
    "torch",
    [
        SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: False)),
        SimpleNamespace(cuda=SimpleNamespace()),
        SimpleNamespace(),
    ],
    ids=["uses no GPU", "half imported", "hardly imported"],
)
def test_torch_that_uses_no_gpu_is_left_alone(monkeypatch: pytest.MonkeyPatch, torch: SimpleNamespace) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert memory.device_bytes() == 0
    memory.give_back()


def test_all_gpus_count_and_give_back_what_is_only_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda, emptied = Cuda(), []
    torch = SimpleNamespace(cuda=cuda, accelerator=SimpleNamespace(empty_host_cache=lambda: emptied.append("host")))
    monkeypatch.setitem(sys.modules, "torch", torch)
    cuda.take(0, 100)
    cuda.take(1, 50)
    cuda.free(0, 70)
    assert memory.device_bytes() == 150
    memory.give_back(collect=False)
    assert (memory.device_bytes(), emptied) == (80, [])
    memory.give_back()
    assert emptied == ["host"]


def test_a_gpu_that_is_recording_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    cuda = Cuda()
    cuda.take(0, 100)
    monkeypatch.setattr(cuda, "empty_cache", refuse)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    memory.give_back()
    assert memory.device_bytes() == 100


def test_a_library_without_the_call_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    memory.give_back()


def test_cycles_are_collected() -> None:
    memory.give_back()
    before = memory.host_bytes()
    cycle: list[object] = [np.ones(40_000_000, np.uint8)]
    cycle.append(cycle)
    del cycle
    memory.give_back(collect=False)
    assert memory.host_bytes() - before > 30_000_000
    memory.give_back()
    assert memory.host_bytes() - before < 5_000_000
