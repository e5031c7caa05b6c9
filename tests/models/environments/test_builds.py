"""Builds: who runs in one, and what it takes on disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

from wyoming_openspeakers.models.environments import builds as environment_builds
from wyoming_openspeakers.models.environments.builds import disk_use, python_of


def test_files_that_are_also_elsewhere_are_not_freed(tmp_path: Path) -> None:
    build = tmp_path / "build"
    build.mkdir()
    (tmp_path / "cached").write_bytes(b"x" * 8192)
    (build / "linked").hardlink_to(tmp_path / "cached")
    (build / "own").write_bytes(b"y" * 16384)
    (build / "own too").hardlink_to(build / "own")
    use = disk_use(build)
    assert (use.own, use.shared, use.total) == (16384, 8192, 24576)


def test_the_users_of_a_build_are_found(tmp_path: Path) -> None:
    build = environment_builds.new_build(tmp_path)
    assert environment_builds.users(build) == []
    program = python_of(build)
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/cat")
    with subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert environment_builds.users(build) == [process.pid]
        process.stdin.close()
