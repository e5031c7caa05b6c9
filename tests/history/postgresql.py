"""A PostgreSQL server for tests and measurements."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

from bench.servers import free_port
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

_NUMBERS = count()


class PostgreSQL:
    """A server of our own."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Its socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._data = self.folder / "data"
        # PostgreSQL does not run as root.
        self._user = "nobody" if os.getuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.port = free_port()
        self._run("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()

    @staticmethod
    def programs() -> Path | None:
        """Where it is installed, None when it is not."""
        found = shutil.which("initdb")
        return Path(found).parent if found else max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        """End it at once."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder)

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"history{next(_NUMBERS)}"
        admin = make_url(f"postgresql+psycopg://tester@127.0.0.1:{self.port}/postgres")
        engine = create_engine(admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
        engine.dispose()
        return f"postgresql://tester:secret-word@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            check=False, user=self._user, extra_groups=[] if self._user else None, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
