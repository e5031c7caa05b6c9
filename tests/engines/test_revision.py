from __future__ import annotations

import os
from pathlib import Path

from wyoming_openspeakers.engines.revision import revision


def test_changes_when_a_file_does_and_only_then(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("one")
    second.write_text("two")
    before = revision(first, second)
    assert revision(first, second) == before
    os.utime(second, (1, 1))
    assert revision(first, second) != before
