"""A download that is killed goes on where it was, and is no model until all of it is there."""

import sys
from pathlib import Path

import pytest
from bench.resume import SHARES, kill_and_resume

pytestmark = pytest.mark.slow

SIZE = 3_000_000
CHUNK = 128 * 1024


def test_a_download_that_is_killed_three_times_goes_on_each_time(tmp_path: Path) -> None:
    outcome = kill_and_resume(tmp_path, SIZE, 6e6, (sys.executable, "-m", "wyoming_openspeakers"))
    for share, attempt in zip(SHARES, outcome.attempts, strict=False):
        assert SIZE > attempt.end >= share * SIZE
    assert [attempt.again for attempt in outcome.attempts] == [0, 0, 0, 0]
    assert [attempt.begin for attempt in outcome.attempts[1:]] == [attempt.end for attempt in outcome.attempts[:-1]]
    last = outcome.attempts[-1]
    assert last.sent <= SIZE - last.begin + CHUNK
    assert outcome.sighting.wrong == [] and outcome.sighting.looks > 50
    assert outcome.installed
    assert outcome.damaged == []
