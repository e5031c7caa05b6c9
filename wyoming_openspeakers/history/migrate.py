"""Changes the form of a database, as a process: `python -m wyoming_openspeakers.history.migrate [VERSION]`.

The database's URL comes on standard input, where nobody else sees its password.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL
from sqlalchemy.engine import make_url


def migrate(url: URL, version: str = "head") -> None:
    """Go up or down to a version; `base` is an empty database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    is_up = version == "head" or not _is_at_least(config, url, version)
    (command.upgrade if is_up else command.downgrade)(config, version)


def _is_at_least(config: Config, url: URL, version: str) -> bool:
    from .database import engine_for
    from .schema import VERSIONS, version_of

    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            current = version_of(connection)
    finally:
        engine.dispose()
    return version == "base" or (current is not None and VERSIONS.index(current) >= VERSIONS.index(version))


if __name__ == "__main__":
    migrate(make_url(sys.stdin.read().strip()), *sys.argv[1:2])
