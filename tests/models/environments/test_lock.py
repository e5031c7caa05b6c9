"""The lock on an environment, where its own file goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_openspeakers.models.environments.lock import is_locked, locked


def test_a_lock_on_a_deleted_file_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "tiny" / ".lock"

    def fail() -> None:
        raise AssertionError

    with locked(path, fail):
        path.unlink()
        with locked(path, fail):
            pass


def test_a_lock_ends_with_its_owner_and_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tiny" / ".lock"
    waits: list[bool] = []

    def wait() -> None:
        waits.append(True)
        raise TimeoutError

    assert not is_locked(path)
    with locked(path, wait):
        assert is_locked(path)
        with pytest.raises(TimeoutError), locked(path, wait):
            raise AssertionError
    assert path.exists() and not is_locked(path) and waits == [True]
