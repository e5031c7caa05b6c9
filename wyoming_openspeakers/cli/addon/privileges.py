"""Goes on as a user who may do less."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable, MutableMapping
from contextlib import suppress
from pathlib import Path

from ...errors import ConfigError


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in a folder that only its owner may look into."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def become(user: str, folders: Iterable[Path], environment: MutableMapping[str, str]) -> None:
    """Be another user, who owns these folders and all in them; nothing where this process is not root."""
    if os.geteuid() != 0:
        return
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise ConfigError(f"There is no user {user} to run the service as") from None
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _give(folder, account)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    environment.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name)


def _give(folder: Path, account: pwd.struct_passwd) -> None:
    """A backup brings files back as root's. Links are not followed: somebody may have put them there."""
    _own(folder, account)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            _own(Path(parent, name), account)


def _own(path: Path, account: pwd.struct_passwd) -> None:
    info = path.lstat()
    if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
        # It has another name elsewhere, and may be somebody else's there.
        return
    if (info.st_uid, info.st_gid) != (account.pw_uid, account.pw_gid):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
