"""Wheels that are made on the spot."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MakeWheel = Callable[..., Path]


@pytest.fixture
def make_wheel(tmp_path: Path) -> MakeWheel:
    """Make a wheel of some files: `make_wheel({"odd/__init__.py": "x = 1"}, requires=["numpy<2"])`."""

    def make(files: Mapping[str, str | bytes], requires: tuple[str, ...] = (), name: str = "odd") -> Path:
        path = tmp_path / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: An odd voice\nLicense: MIT\n{needs}"
        every = {
            **files,
            f"{info}/METADATA": head,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[console_scripts]\nsay-{name} = {name}:main\n",
        }
        record = []
        with zipfile.ZipFile(path, "w") as wheel:
            for place, content in every.items():
                raw = content.encode() if isinstance(content, str) else content
                digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
                record.append(f"{place},sha256={digest},{len(raw)}\n")
                wheel.writestr(place, raw)
            wheel.writestr(f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]))
        return path

    return make
