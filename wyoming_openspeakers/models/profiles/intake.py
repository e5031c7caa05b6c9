"""Recordings as they come from users: read in a process of their own, checked, and brought into one form."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import BadAudio, SpeechError, TooLarge
from .profile import Sample
from .rules import checked_sample

_LOGGER = logging.getLogger(__name__)

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parents[__name__.count(".")]
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
    f"from {__package__}.reading import main; main(*sys.argv[2:])"
)
_AT_ONCE = 2
_PATIENCE = 30.0
_MOST_ANSWER = 65_536


class Intake:
    """Takes recordings; a process each, which ends with it, whatever the bytes do to their decoder."""

    def __init__(self, longest: float, patience: float = _PATIENCE) -> None:
        self._longest = longest
        self._patience = patience
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def take(
        self, upload: Path, folder: Path, *, transcript: str = "", language: str = "", name: str = ""
    ) -> Sample:
        """Make a sample of an upload; its file is then in the folder."""
        sample = checked_sample(
            Sample(str(uuid.uuid4()), 0, 0, 0, "", transcript, language, name, created=time.time())
        )
        async with self._turns:
            told = await self._told(upload, folder / f"{sample.id}.wav")
        return _judged(sample, told)

    async def _told(self, upload: Path, output: Path) -> dict[str, Any]:
        with await asyncio.to_thread(upload.open, "rb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-c", _PROGRAM, str(_ROOT), str(output), str(self._longest)),
                stdin=file,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._patience):
                line = await process.stdout.read(_MOST_ANSWER)
                await process.wait()
        except TimeoutError:
            raise BadAudio("The recording takes too long to read; send a shorter one, or WAV") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            _LOGGER.warning("The reader of a recording ended with status %s", process.returncode)
            raise BadAudio("The recording cannot be read: its file is damaged, or takes too much to decode") from None
        return told


def _judged(sample: Sample, told: dict[str, Any]) -> Sample:
    if reason := told.get("refused"):
        raise (TooLarge if told["why"] == "large" else BadAudio)(reason)
    if reason := told.get("failed"):
        raise SpeechError(f"The recording cannot be read: {reason}")
    if told["was_cut"] and sample.transcript:
        raise BadAudio(f"Only {told['seconds']:.0f} s of it are used, so its transcript would not fit; send less")
    return replace(
        sample,
        seconds=float(told["seconds"]),
        rate=int(told["rate"]),
        loudness=float(told["loudness"]),
        digest=str(told["digest"]),
        warnings=tuple(map(str, told["warnings"])),
    )
