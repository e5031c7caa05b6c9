"""Host memory: the machine's, less where a control group limits it, and a process's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wyoming_openspeakers.models.memory.host import HostMemory, process_bytes, read_host_memory

MB = 2**20
MEMINFO = "MemTotal:       8192 kB\nMemFree:        1024 kB\nMemAvailable:   4096 kB\nHugePages_Total:       0\n"
UNLIMITED_V1 = "9223372036854771712\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The file system of a machine with 8 MB of memory, 4 of them available."""
    write(tmp_path / "proc/meminfo", MEMINFO)
    write(tmp_path / "proc/self/cgroup", "0::/\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def v2(folder: Path, limit: str, used: int, inactive: int = 0, high: str = "max") -> None:
    write(folder / "memory.max", f"{limit}\n")
    write(folder / "memory.high", f"{high}\n")
    write(folder / "memory.current", f"{used}\n")
    write(folder / "memory.stat", f"anon 5\ninactive_file {inactive}\nactive_file 7\n")


def v1(folder: Path, limit: str, used: int, inactive: int = 0) -> None:
    write(folder / "memory.limit_in_bytes", limit)
    write(folder / "memory.usage_in_bytes", f"{used}\n")
    write(folder / "memory.stat", f"cache 1\ntotal_inactive_file {inactive}\n")


def test_a_machine_without_limits(root: Path) -> None:
    assert read_host_memory(root) == HostMemory(8 * MB, 4 * MB)


def test_no_control_groups_at_all(root: Path) -> None:
    (root / "proc/self/cgroup").unlink()
    assert read_host_memory(root) == HostMemory(8 * MB, 4 * MB)


def test_the_limit_of_a_container_counts_and_its_file_cache_does_not(root: Path) -> None:
    v2(root / "sys/fs/cgroup", str(3 * MB), used=2 * MB, inactive=MB)
    assert read_host_memory(root) == HostMemory(3 * MB, 2 * MB)


def test_the_lowest_limit_up_the_tree_counts(root: Path) -> None:
    write(root / "proc/self/cgroup", "0::/system.slice/openspeakers.service\n")
    groups = root / "sys/fs/cgroup"
    v2(groups / "system.slice/openspeakers.service", "max", used=MB)
    v2(groups / "system.slice", str(5 * MB), used=4 * MB)
    assert read_host_memory(root) == HostMemory(5 * MB, MB)


def test_the_limit_that_slows_a_unit_down_counts_like_the_one_that_ends_it(root: Path) -> None:
    v2(root / "sys/fs/cgroup", str(6 * MB), used=MB, high=str(2 * MB))
    assert read_host_memory(root) == HostMemory(2 * MB, MB)


def test_a_limit_above_the_machine_changes_nothing(root: Path) -> None:
    v2(root / "sys/fs/cgroup", str(64 * MB), used=MB)
    assert read_host_memory(root) == HostMemory(8 * MB, 4 * MB)


def test_a_group_over_its_limit_has_nothing_left(root: Path) -> None:
    v2(root / "sys/fs/cgroup", str(MB), used=2 * MB)
    assert read_host_memory(root) == HostMemory(MB, 0)


def test_version_1_and_its_number_for_no_limit(root: Path) -> None:
    write(root / "proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/speech\n0::/\n")
    v1(root / "sys/fs/cgroup/memory/speech", f"{2 * MB}\n", used=2 * MB, inactive=MB)
    v1(root / "sys/fs/cgroup/memory", UNLIMITED_V1, used=7 * MB)
    assert read_host_memory(root) == HostMemory(2 * MB, MB)


def test_a_container_of_version_1_knows_only_the_hosts_name_of_its_group(root: Path) -> None:
    write(root / "proc/self/cgroup", "4:memory:/docker/0123456789ab\n")
    v1(root / "sys/fs/cgroup/memory", f"{MB}\n", used=MB // 2)
    assert read_host_memory(root) == HostMemory(MB, MB // 2)


def test_another_controller_does_not_count(root: Path) -> None:
    write(root / "proc/self/cgroup", "4:cpu:/busy\n")
    v1(root / "sys/fs/cgroup/memory/busy", f"{MB}\n", used=0)
    assert read_host_memory(root).total == 8 * MB


def test_a_system_without_proc_tells_its_pages(tmp_path: Path) -> None:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    memory = read_host_memory(tmp_path)
    assert memory.total == pages and 0 < memory.available <= pages


def test_this_machine() -> None:
    memory = read_host_memory()
    assert 0 < memory.available <= memory.total <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


# In a process of its own: what others left to the collector, or to the C library, would be measured with it.
MAPS_THEN_WRITES = """
import mmap, os, resource, sys
from wyoming_openspeakers.models.memory.host import process_bytes

with open(sys.argv[1], "rb") as weights, mmap.mmap(weights.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
    before = process_bytes(os.getpid())
    assert sum(mapped[:: resource.getpagesize()]) == 0
    read = process_bytes(os.getpid())
    with mmap.mmap(-1, 16 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as own:
        own.write(b"x" * (16 * 2**20))
        print(read - before, process_bytes(os.getpid()) - read)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc")
def test_a_process_takes_what_it_writes_and_not_what_it_maps(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.write_bytes(bytes(64 * MB))
    said = subprocess.run(
        [sys.executable, "-c", MAPS_THEN_WRITES, weights], check=True, capture_output=True, text=True
    ).stdout
    mapped, written = map(int, said.split())
    assert mapped < 4 * MB
    assert 14 * MB < written < 40 * MB


def test_a_process_that_is_gone_takes_nothing_that_can_be_told() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert process_bytes(process.pid) is None
