"""What an environment is made of: a requirements file in pip's format, shipped or the user's own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ...config.values import parse_size
from ...errors import EnvironmentFailed

SHIPPED = Path(__file__).resolve().parents[2] / "environments"
SUFFIX = ".txt"

WORKER_PYTHON = SpecifierSet(">=3.11")
"""What this package's own part of a worker runs on."""

_COMMENT = re.compile(r"(?:^|\s)#.*")
_KEY = re.compile(r"#\s*(python|size)\s*:\s*(.*?)\s*")
_NAME = re.compile(r"[a-zA-Z0-9_][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Requirements:
    """A requirements file; comments in it say the rest.

    `# python: >=3.11,<3.13` is what Python it needs, `# size: 3GB` is what it takes on disk, and the first comment that
    is neither says what the environment is for.
    """

    path: Path
    purpose: str
    python: SpecifierSet
    size: int
    """Bytes on disk, 0 when the file does not say."""

    digest: str
    """Changes when the environment must be made anew, so not with a comment."""


def is_name(name: str) -> bool:
    """Whether an environment can be called so: the name becomes part of a path."""
    return _NAME.fullmatch(name) is not None


def read_requirements(path: Path) -> Requirements:
    """Read a requirements file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        keys = {found[1]: found[2] for line in lines if (found := _KEY.fullmatch(line.strip()))}
        python = SpecifierSet(keys.get("python", ""))
        size = parse_size(keys.get("size", 0))
    except OSError as error:
        raise EnvironmentFailed(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EnvironmentFailed(f"{path} is not a text in UTF-8") from None
    except InvalidSpecifier:
        raise EnvironmentFailed(f"{path}: `# python:` must look like >=3.11,<3.13") from None
    except ValueError as error:
        raise EnvironmentFailed(f"{path}: `# size:` {error}") from None
    notes = (line.strip().lstrip("# ") for line in lines if line.startswith("#") and not _KEY.fullmatch(line.strip()))
    wanted = [text for line in lines if (text := _COMMENT.sub("", line).strip())]
    return Requirements(
        path=path,
        purpose=next(filter(None, notes), ""),
        python=python & WORKER_PYTHON,
        size=size,
        digest=hashlib.sha256("\n".join([str(python), *wanted]).encode()).hexdigest(),
    )
