"""Going on as another user: in a process of its own, as there is no way back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wyoming_openspeakers.cli.addon.privileges import become, write_private
from wyoming_openspeakers.errors import ConfigError

ROOT = Path(__file__).parents[2]

TELL = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from wyoming_openspeakers.cli.addon.privileges import become
environment = {}
become("nobody", [Path(sys.argv[2])], environment)
print(os.geteuid(), os.getuid(), os.getgroups(), environment["USER"], os.access("/etc/shadow", os.R_OK))
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TELL, str(ROOT), str(folder)], capture_output=True, text=True, check=False
    )


@as_root
def test_the_process_can_do_no_more_than_its_user_and_owns_its_folders(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "voices").mkdir(parents=True)
    (data / "voices" / "restored.wav").touch()
    (tmp_path / "outside").touch()
    (data / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "secret").touch()
    (data / "second-name").hardlink_to(tmp_path / "secret")
    done = run(data)
    uid, real, groups, name, reads = done.stdout.split()
    assert (name, groups, reads) == ("nobody", "[]", "False") and uid == real != "0", done.stderr
    owners = {path.lstat().st_uid for path in (data, data / "voices", data / "voices" / "restored.wav", data / "link")}
    assert owners == {int(uid)}
    assert {(tmp_path / name).stat().st_uid for name in ("outside", "secret")} == {0}


@as_root
def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    assert run(tmp_path / "new" / "data").returncode == 0
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700


@as_root
def test_a_user_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no user nobody-knows-me"):
        become("nobody-knows-me", [tmp_path], {})


def test_who_is_not_root_stays_who_he_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    environment: dict[str, str] = {}
    become("nobody-knows-me", [tmp_path / "new"], environment)
    assert environment == {} and not (tmp_path / "new").exists()


def test_a_private_file_replaces_what_lay_there(tmp_path: Path) -> None:
    path = tmp_path / "run" / "key"
    write_private(path, "one")
    target = tmp_path / "target"
    path.unlink()
    path.symlink_to(target)
    write_private(path, "two")
    assert path.read_text() == "two" and not path.is_symlink() and not target.exists()
    assert path.stat().st_mode & 0o777 == 0o600
