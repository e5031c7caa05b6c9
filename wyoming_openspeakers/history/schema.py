"""Brings a database to the form that this version works with."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, inspect, text

from ..errors import ConfigError
from .database import engine_for
from .tables import METADATA, VERSION

_LOGGER = logging.getLogger(__name__)

VERSIONS: Final = ("0001", "0002", "0003")
"""All forms that the database has had, the oldest first."""

_PACKAGE = "wyoming_openspeakers"
_PATIENCE = 3600.0


def bring_up_to_date(url: URL) -> None:
    """Make the tables, or change those of an earlier version."""
    engine = engine_for(url)
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            version = version_of(connection)
            if version is None:
                _create(connection)
    finally:
        engine.dispose()
    if version is None or version == VERSIONS[-1]:
        return
    if version not in VERSIONS:
        raise ConfigError(
            f"The history was kept by a newer version of this program (its form is {version}); "
            "use that version, or another database in history.database"
        )
    _LOGGER.info("The history is brought from form %s to %s", version, VERSIONS[-1])
    _migrate(url)


def version_of(connection: Connection) -> str | None:
    """The form of a database, None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(VERSION).scalar()


def _create(connection: Connection) -> None:
    """All at once; what the steps from the first form to the last come to."""
    METADATA.create_all(connection)
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS alembic_version"
            " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": VERSIONS[-1]})


def _migrate(url: URL) -> None:
    """In a process of its own: what it needs takes memory that this one would not get back."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", f"{_PACKAGE}.history.migrate"],
        input=url.render_as_string(hide_password=False),
        check=False,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    if done.returncode:
        said = next(reversed(done.stderr.strip().splitlines()), f"it ended with {done.returncode}")
        if url.password:
            said = said.replace(url.password, "***")
        raise ConfigError(f"The history could not be brought up to date: {said}")
