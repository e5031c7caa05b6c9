"""The audio of a job while it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from working_jobs import open_files

from wyoming_openspeakers.jobs.tape import Tape


def test_what_was_written_can_be_read_from_anywhere(tmp_path: Path) -> None:
    tape = Tape(tmp_path, 4)
    assert (tape.read(0, 10), tape.seconds) == (b"", 0)
    tape.write(b"abcdef")
    tape.write(b"gh")
    assert (tape.read(0, 100), tape.read(2, 4), tape.read(6, 100), tape.read(8, 2)) == (
        b"abcdefgh",
        b"cdef",
        b"gh",
        b"",
    )
    assert (tape.written, tape.seconds) == (8, 1.0)


def test_no_half_sample_is_read(tmp_path: Path) -> None:
    tape = Tape(tmp_path, 4)
    tape.write(b"abcd")
    assert tape.read(0, 3) == b"ab"


@pytest.mark.slow
def test_it_has_no_name_and_is_gone_with_its_last_user(tmp_path: Path) -> None:
    def open_here() -> list[str]:
        return [name for name in open_files() if name.startswith(str(tmp_path))]

    tape = Tape(tmp_path, 4)
    assert list(tmp_path.iterdir()) == [] and len(open_here()) == 1
    del tape
    assert open_here() == []
