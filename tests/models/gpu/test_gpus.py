"""GPUs as the driver tells of them: against a stand-in of its binding, a tiny driver of our own, and the real one."""
# ruff: noqa: N802 - the stand-in has the names of the real binding

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from wyoming_openspeakers.events import Gpu, GpusRead
from wyoming_openspeakers.models.gpu import gpus as gpus_module
from wyoming_openspeakers.models.gpu.gpus import Gpus, load_nvml
from wyoming_openspeakers.models.memory.host import read_host_memory

GB = 2**30


class Card:
    """One GPU of the stand-in; a value that is an exception is raised."""

    def __init__(self, index: int, **values: Any) -> None:
        self.uuid: Any = f"GPU-{index}{index}aa-0000"
        self.name: Any = "NVIDIA GeForce RTX 3060"
        self.memory: Any = SimpleNamespace(total=12 * GB, free=9 * GB, used=3 * GB)
        self.utilisation: Any = SimpleNamespace(gpu=42, memory=7)
        self.temperature: Any = 61
        self.power: Any = 123_400
        self.processes: Any = [(100 + index, GB), (200 + index, None)]
        self.handle: Any = self
        vars(self).update(values)


def told(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


class Nvml:
    """The binding's functions over cards, with the real errors and constants."""

    def __init__(self, *cards: Card) -> None:
        self.cards = list(cards)
        self.init: Any = None
        self.inits = 0
        self.is_open = False
        self.slices: dict[str, Card] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("NVML_", "NVMLError", "NVMLLibrary")):
            return getattr(pynvml, name)
        raise AttributeError(name)

    def nvmlInit(self) -> None:
        self.inits += 1
        told(self.init)
        self.is_open = True

    def nvmlShutdown(self) -> None:
        self.is_open = False

    def nvmlSystemGetDriverVersion(self) -> str:
        return "580.65.06"

    def nvmlDeviceGetCount(self) -> int:
        if not self.is_open:
            raise error("UNINITIALIZED")
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:
        return told(self.cards[index].handle)

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:
        if uuid not in self.slices:
            raise error("NOT_FOUND")
        return uuid

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle: str) -> Any:
        return self.slices[handle]

    def nvmlDeviceGetUUID(self, card: Card) -> Any:
        return told(card.uuid)

    def nvmlDeviceGetName(self, card: Card) -> Any:
        return told(card.name)

    def nvmlDeviceGetMemoryInfo(self, card: Card) -> Any:
        return told(card.memory)

    def nvmlDeviceGetUtilizationRates(self, card: Card) -> Any:
        return told(card.utilisation)

    def nvmlDeviceGetTemperature(self, card: Card, sensor: int) -> Any:
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return told(card.temperature)

    def nvmlDeviceGetPowerUsage(self, card: Card) -> Any:
        return told(card.power)

    def nvmlDeviceGetComputeRunningProcesses(self, card: Card) -> Any:
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in told(card.processes)]


def error(name: str) -> Exception:
    """An error of the driver, by its code's name."""
    made: Exception = pynvml.NVMLError(getattr(pynvml, f"NVML_ERROR_{name}"))
    return made


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def finder(nvml: Nvml, **options: Any) -> Gpus:
    return Gpus(load=lambda: nvml, **options)


def indexes(read: GpusRead) -> list[int]:
    return [gpu.index for gpu in read.gpus]


def test_a_gpu_with_all_its_values() -> None:
    gpus = finder(Nvml(Card(0)))
    gpu = Gpu(0, "GPU-00aa-0000", "NVIDIA GeForce RTX 3060", 12 * GB, 3 * GB, 42, 61, 123.4)
    assert gpus.read() == GpusRead((gpu,))
    assert gpus.driver == "580.65.06"


@pytest.mark.parametrize("code", ["NOT_SUPPORTED", "FUNCTION_NOT_FOUND", "NO_PERMISSION", "UNKNOWN", "NO_DATA"])
@pytest.mark.parametrize("value", ["utilisation", "temperature", "power"])
def test_a_value_that_the_driver_does_not_tell_is_none(value: str, code: str) -> None:
    read = finder(Nvml(Card(0, **{value: error(code)}))).read()
    assert read.problem is None
    assert [name for name in ("utilisation", "temperature", "power") if getattr(read.gpus[0], name) is None] == [value]


def test_a_gpu_without_a_name_has_one() -> None:
    assert finder(Nvml(Card(0, name=error("UNKNOWN")))).read().gpus[0].name == "NVIDIA GPU"


def test_a_gpu_that_shares_the_machines_memory() -> None:
    gpu = finder(Nvml(Card(0, memory=error("NOT_SUPPORTED")))).read().gpus[0]
    assert gpu.memory_total == read_host_memory().total and 0 < gpu.memory_used < gpu.memory_total


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("DRIVER_NOT_LOADED", "modprobe nvidia"),
        ("LIB_RM_VERSION_MISMATCH", "restart the machine"),
        ("NO_PERMISSION", "/dev/nvidia"),
        ("LIBRARY_NOT_FOUND", "install its driver"),
        ("UNKNOWN", "look at it with `nvidia-smi`"),
    ],
)
def test_a_driver_that_does_not_open_is_told_until_it_does(code: str, says: str) -> None:
    nvml = Nvml(Card(0))
    nvml.init = error(code)
    gpus = finder(nvml)
    read = gpus.read()
    assert read.gpus == () and says in (read.problem or "")
    assert gpus.process_memory() == {}
    nvml.init = None
    assert gpus.read().problem is None


def test_a_driver_that_is_installed_later_is_found() -> None:
    answers: list[Any] = [OSError("no such file"), Nvml(Card(0))]
    gpus = Gpus(load=lambda: told(answers.pop(0)))
    assert "no NVIDIA driver" in (gpus.read().problem or "")
    assert indexes(gpus.read()) == [0]


def test_a_container_with_half_a_driver_is_told_how_to_start_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus_module, "_KERNEL_DRIVER", tmp_path)
    read = Gpus(load=lambda: told(OSError("no such file"))).read()
    assert "NVIDIA_DRIVER_CAPABILITIES" in (read.problem or "")


def test_the_driver_is_opened_once_and_again_after_it_was_restarted() -> None:
    nvml = Nvml(Card(0))
    gpus = finder(nvml)
    assert indexes(gpus.read()) == indexes(gpus.read()) == [0] and nvml.inits == 1
    nvml.is_open = False
    assert "nvidia-smi" in (gpus.read().problem or "")
    assert indexes(gpus.read()) == [0] and nvml.inits == 2


def test_close_lets_go_until_the_next_reading() -> None:
    nvml = Nvml(Card(0))
    gpus = finder(nvml)
    gpus.read()
    gpus.close()
    assert not nvml.is_open
    assert indexes(gpus.read()) == [0] and nvml.is_open


def test_a_machine_with_a_driver_and_no_gpu() -> None:
    read = finder(Nvml()).read()
    assert read.gpus == () and "finds no GPU" in (read.problem or "")


@pytest.mark.parametrize("lost", ["handle", "uuid", "memory"])
def test_a_gpu_that_fell_off_the_bus_takes_no_other_with_it(lost: str) -> None:
    nvml = Nvml(Card(0), Card(1, **{lost: error("GPU_IS_LOST")}))
    gpus = finder(nvml)
    read = gpus.read()
    assert indexes(read) == [0]
    assert (read.problem or "").startswith("GPU 1 fell off the bus; restart the machine")
    gpus.read()
    assert nvml.inits == 1


def test_a_lost_gpu_is_looked_for_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = Nvml(Card(0), Card(1, handle=error("GPU_IS_LOST")))
    gpus = finder(nvml)
    monkeypatch.setattr(gpus_module, "_RENEW_AFTER", 0.0)
    gpus.read()
    nvml.cards[1] = Card(1)
    assert indexes(gpus.read()) == [0, 1] and nvml.inits == 2


def test_the_only_gpu_is_lost() -> None:
    read = finder(Nvml(Card(0, memory=error("GPU_IS_LOST")))).read()
    assert read.gpus == () and (read.problem or "").startswith("GPU 0 fell off the bus")


def test_the_settings_choose_gpus_and_a_wrong_number_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    gpus = finder(Nvml(Card(0), Card(1), Card(2)), only=[2, 0, 5])
    with caplog.at_level(logging.WARNING):
        assert indexes(gpus.read()) == [0, 2]
        gpus.read()
        gpus.process_memory()
    assert caplog.messages == ["models.gpus: there is no GPU 5; this machine has 3"]


def test_settings_that_leave_nothing_are_told() -> None:
    read = finder(Nvml(Card(0)), only=[1]).read()
    assert read.gpus == () and "models.gpus" in (read.problem or "")


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("1", [1]),
        ("2, 0", [0, 2]),
        ("GPU-11aa-0000", [1]),
        ("GPU-11,0", [0, 1]),
        ("0,9,1", [0]),
        ("0,-1,1", [0]),
        ("MIG-1", [2]),
        ("MIG-2", []),
    ],
)
def test_the_variable_hides_gpus_as_it_does_for_cuda(
    visible: str, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = Nvml(Card(0), Card(1), Card(2))
    nvml.slices = {"MIG-1": nvml.cards[2]}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert indexes(finder(nvml).read()) == expected


@pytest.mark.parametrize("visible", ["", "-1", "NoDevFiles"])
def test_a_variable_that_hides_everything_leaves_the_driver_alone(visible: str) -> None:
    nvml = Nvml(Card(0))
    read = finder(nvml, visible=visible).read()
    assert read.gpus == () and "CUDA_VISIBLE_DEVICES" in (read.problem or "") and nvml.inits == 0


def test_settings_and_variable_together() -> None:
    assert indexes(finder(Nvml(Card(0), Card(1), Card(2)), only=[1, 2], visible="0,1").read()) == [1]


def test_the_memory_of_processes_where_the_driver_tells_it() -> None:
    nvml = Nvml(Card(0), Card(1), Card(2, processes=error("NO_PERMISSION")), Card(3, processes=[]))
    nvml.cards.append(Card(4, processes=pynvml.NVMLLibraryMismatchError("old")))
    assert finder(nvml).process_memory() == {
        "GPU-00aa-0000": {100: GB},
        "GPU-11aa-0000": {101: GB},
        "GPU-33aa-0000": {},
    }


def test_a_thread_that_hangs_in_the_driver_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus_module, "_PATIENCE", 0.02)
    entered, answers = threading.Event(), threading.Event()

    class Hangs(Nvml):
        def nvmlDeviceGetCount(self) -> int:
            entered.set()
            answers.wait(10)
            return super().nvmlDeviceGetCount()

    gpus = finder(Hangs(Card(0)))
    thread = threading.Thread(target=gpus.read)
    thread.start()
    assert entered.wait(5)
    began = time.monotonic()
    assert "does not answer" in (gpus.read().problem or "")
    assert gpus.process_memory() == {}
    gpus.close()
    assert time.monotonic() - began < 1.0
    answers.set()
    thread.join()
    assert indexes(gpus.read()) == [0]


def has_driver() -> bool:
    try:
        load_nvml()
    except OSError:
        return False
    return True


@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
def test_this_machine_without_a_driver_is_told_so_and_pays_nothing() -> None:
    code = """
import sys
from wyoming_openspeakers.models.gpu.gpus import Gpus
gpus = Gpus()
print(gpus.read().problem, gpus.process_memory(), "pynvml" in sys.modules, sep="|")
"""
    problem, memory, imported = run(code).strip().split("|")
    assert "install its driver" in problem
    assert (memory, imported) == ("{}", "False")


def run(code: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


DRIVER = r"""
#include <stdlib.h>
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory;
typedef struct { unsigned gpu, memory; } rates;
typedef struct { unsigned pid; unsigned long long used; unsigned gi, ci; } process;
static int answer(void) { const char *code = getenv("DRIVER_ANSWERS"); return code ? atoi(code) : 0; }
int nvmlInitWithFlags(unsigned flags) { return answer(); }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { strcpy(text, "1.2.3"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) { *handle = (void *)1; return 0; }
int nvmlDeviceGetUUID(void *handle, char *text, unsigned size) { strcpy(text, "GPU-tiny"); return 0; }
int nvmlDeviceGetName(void *handle, char *text, unsigned size) { strcpy(text, "Tiny"); return 0; }
int nvmlDeviceGetMemoryInfo(void *handle, memory *it) { it->total = 1000; it->free = 600; it->used = 400; return 0; }
int nvmlDeviceGetUtilizationRates(void *handle, rates *it) { it->gpu = 5; it->memory = 6; return 0; }
int nvmlDeviceGetTemperature(void *handle, unsigned sensor, unsigned *value) { *value = 40; return 0; }
int nvmlDeviceGetPowerUsage(void *handle, unsigned *value) { return 3; }
int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count, process *list) {
    if (*count < 2) { *count = 2; return 7; }
    *count = 2;
    list[0] = (process){ 11, 300, 0, 0 };
    list[1] = (process){ 12, ~0ULL, 0, 0 };
    return 0;
}
"""

ASK = """
import dataclasses, json
from wyoming_openspeakers.models.gpu.gpus import Gpus
gpus = Gpus()
print(json.dumps([dataclasses.asdict(gpus.read()), gpus.process_memory(), gpus.driver]))
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a driver's library that knows one small GPU."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("there is no C compiler to build a driver with")
    folder = tmp_path_factory.mktemp("driver")
    command = [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(folder / "libnvidia-ml.so.1")]
    subprocess.run(command, input=DRIVER, text=True, check=True)
    return str(folder)


def test_the_real_binding_over_a_small_driver(driver: str) -> None:
    read, memory, version = json.loads(run(ASK, LD_LIBRARY_PATH=driver))
    assert read["problem"] is None
    assert read["gpus"] == [
        {
            "index": 0,
            "uuid": "GPU-tiny",
            "name": "Tiny",
            "memory_total": 1000,
            "memory_used": 400,
            "utilisation": 5,
            "temperature": 40,
            "power": None,
            "models": {},
        }
    ]
    assert (memory, version) == ({"GPU-tiny": {"11": 300}}, "1.2.3")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "modprobe"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "versions"),
        (4242, "nvidia-smi"),
    ],
)
def test_the_real_binding_over_a_driver_that_does_not_open(driver: str, code: int, says: str) -> None:
    read, memory, version = json.loads(run(ASK, LD_LIBRARY_PATH=driver, DRIVER_ANSWERS=str(code)))
    assert says in read["problem"]
    assert (read["gpus"], memory, version) == ([], {}, None)


def test_a_library_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "libnvidia-ml.so.1").write_text("no library")
    read, memory, _ = json.loads(run(ASK, LD_LIBRARY_PATH=str(tmp_path)))
    assert read["gpus"] == [] and read["problem"] and memory == {}


def test_real_gpu() -> None:
    gpus = Gpus()
    read = gpus.read()
    if not read.gpus:
        pytest.skip(f"no GPU to test with: {read.problem}")
    assert gpus.driver
    processes = gpus.process_memory()
    for gpu in read.gpus:
        assert gpu.uuid.startswith("GPU-") and gpu.name
        assert 0 <= gpu.memory_used <= gpu.memory_total and gpu.memory_total > GB
        assert gpu.utilisation is None or 0 <= gpu.utilisation <= 100
        assert gpu.temperature is None or 0 < gpu.temperature < 120
        assert gpu.power is None or 0 <= gpu.power < 2000
        assert all(0 <= used <= gpu.memory_total for used in processes.get(gpu.uuid, {}).values())
    only = Gpus(only=[read.gpus[-1].index]).read()
    assert [gpu.uuid for gpu in only.gpus] == [read.gpus[-1].uuid]
    assert [gpu.uuid for gpu in Gpus(visible=read.gpus[-1].uuid).read().gpus] == [read.gpus[-1].uuid]
    began = time.perf_counter()
    gpus.read()
    assert time.perf_counter() - began < 1.0
    gpus.close()
    assert len(gpus.read().gpus) == len(read.gpus)
