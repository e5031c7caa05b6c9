"""Requirements files: what they say of an environment, and what ships."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.errors import EnvironmentFailed
from wyoming_openspeakers.models.environments.requirements import SHIPPED, WORKER_PYTHON, read_requirements


def _file(folder: Path, text: str) -> Path:
    path = folder / "some.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("# python: newest", "# python:` must look like"), ("# size: big", "# size:` must be a"), ("\udcff", "UTF-8")],
)
def test_a_wrong_requirements_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(EnvironmentFailed, match=f"{re.escape(str(path))}.*{complaint}"):
        read_requirements(path)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["", "   ", "# why", "  # indented", "# size: 2GB"]), max_size=5), st.integers(0, 5))
def test_only_what_counts_outdates(tmp_path_factory: pytest.TempPathFactory, extra: list[str], place: int) -> None:
    folder = tmp_path_factory.mktemp("digest")
    lines = ["# python: >=3.11", "six==1.17.0", "wyoming==1.10.2"]
    plain = read_requirements(_file(folder, "\n".join(lines))).digest
    more = [*lines[:place], *extra, *lines[place:]]
    assert read_requirements(_file(folder, "\n".join(more))).digest == plain
    assert read_requirements(_file(folder, "\n".join([*more, "a==1"]))).digest != plain
    assert read_requirements(_file(folder, "\n".join(["# python: >=3.12", *more[1:]]))).digest != plain or place == 0


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.txt")), ids=lambda path: path.stem)
def test_what_ships_is_pinned_and_described(path: Path) -> None:
    requirements = read_requirements(path)
    assert requirements.purpose.endswith(".") and requirements.size > 0
    assert requirements.python != WORKER_PYTHON
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+(; .+)?", line)] == []
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(names) and {"numpy", "wyoming"} <= {*names}
