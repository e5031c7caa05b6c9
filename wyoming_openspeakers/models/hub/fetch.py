"""Downloads of model files from a hub: pinned, resumable, verified, and never half used.

What comes from the network lands under `.partial`. Only when every file is there and its hash is right do they move
into place, and the manifest that makes them count is written last. While they move a mark says that the folder is not
to be used: there is no moving many files in one step.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ModelFilesError
from .client import TIMEOUT, headers, hub_client, model_info
from .installed import (
    LOCK,
    MOVING,
    OWN_FILES,
    PARTIAL,
    HubFile,
    HubModel,
    Record,
    delete_unused,
    is_installed,
    is_there,
    read_records,
    remove,
    verify,
    write_records,
)
from .progress import DownloadProgress, Meter, OnProgress, as_bytes
from .sentences import NO_HUB, explained

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["DownloadProgress", "HubModel", "OnProgress", "download", "is_installed", "remove", "verify"]

_LOGGER = logging.getLogger(__name__)
_RETRY_AFTER = (1.0, 2.0, 4.0)
"""Seconds before each new try, counted afresh whenever data came."""


def download(
    folder: Path,
    model: HubModel,
    token: str | None = None,
    on_progress: OnProgress | None = None,
    *,
    endpoint: str | None = None,
) -> None:
    """Fetch a model's files into a folder, going on where an earlier attempt stopped. Blocks; run it in a thread.

    `token` is for models that want an account; without one the client library looks for the user's own. `endpoint`
    is a mirror to use in place of HF_ENDPOINT and the public hub. `on_progress` may raise to end the download, and
    what has come by then is kept. A model that is there is verified, and what is damaged of it fetched again.
    """
    wanted = [(place, one) for place, one in model.places(folder) if not _is_well(place, one)]
    if not wanted:
        return
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    kept = "what has come is kept"
    with explained(model.repo, model.revision, folder, kept):
        folder.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(folder / LOCK, timeout=1):
            api = hub_client(token, endpoint)
            jobs = []
            for place, one in wanted:
                with explained(one.repo, one.revision, folder, kept):
                    place.mkdir(parents=True, exist_ok=True)
                    jobs.append(_plan(api, place, one))
            need = sum(job.bytes_to_fetch() for job in jobs)
            _check_space(folder, need)
            meter = Meter(sum(file.size for job in jobs for file in job.record.files), need, on_progress)
            for job in jobs:
                _delete_damaged(job)
                with explained(job.model.repo, job.model.revision, folder, kept):
                    for file in job.missing:
                        _fetch(api, job.record, file, _partial(job.folder, file), meter)
            meter.tell()
            for job in jobs:
                _install(job.folder, job.record, job.missing)


@dataclass(frozen=True)
class _Job:
    """What is to be fetched of one repository."""

    folder: Path
    model: HubModel
    record: Record
    missing: list[HubFile]

    def bytes_to_fetch(self) -> int:
        """Without what has come before."""
        parts = ((file.size, _partial(self.folder, file)) for file in self.missing)
        return sum(size - (part.stat().st_size if part.exists() else 0) for size, part in parts)


def _is_well(folder: Path, model: HubModel) -> bool:
    alone = replace(model, parts=())
    return is_there(folder, alone) and not verify(folder, alone)


def _plan(api: HfApi, folder: Path, model: HubModel) -> _Job:
    record = _list_files(api, model)
    return _Job(folder, model, record, [file for file in record.files if not file.is_intact(folder / file.path)])


def _delete_damaged(job: _Job) -> None:
    """Have a damaged model not look installed while it is mended: its files have the right sizes."""
    records = [record for record in read_records(job.folder) if record.is_at(job.model)]
    for file in {file for record in records for file in record.files} & {*job.missing}:
        (job.folder / file.path).unlink(missing_ok=True)


def _list_files(api: HfApi, model: HubModel) -> Record:
    """Resolve the revision and list the files to fetch with their sizes and hashes."""
    info = model_info(api, model.repo, model.revision)
    files = []
    for entry in info.siblings or ():
        path = entry.rfilename
        if not any(fnmatchcase(path, pattern) for pattern in model.patterns or ("*",)):
            continue
        if entry.size is None or not _stays_inside(path):
            raise ModelFilesError(NO_HUB.format(model.repo))
        digest = f"sha256:{entry.lfs.sha256}" if entry.lfs else f"git:{entry.blob_id}"
        files.append(HubFile(path, entry.size, digest))
    unmatched = [p for p in model.patterns if not any(fnmatchcase(file.path, p) for file in files)]
    if unmatched or not files:
        wanted = ", ".join(unmatched) or "any"
        raise ModelFilesError(f"{model.repo} at {model.revision} has no such files: {wanted}.")
    return Record(model.repo, model.revision, info.sha or model.revision, model.patterns, tuple(files))


def _stays_inside(path: str) -> bool:
    """Whether a path from the hub names a place inside the folder, on every platform, and none of our own files."""
    parts = path.split("/")
    forbidden = {"", ".", "..", *OWN_FILES}
    return not any(part in forbidden or "\\" in part or ":" in part for part in parts)


def _fetch(api: HfApi, record: Record, file: HubFile, part: Path, meter: Meter) -> None:
    """Bring one file to `part` and verify it, trying again when the connection breaks."""
    from huggingface_hub import errors, hf_hub_url

    url = hf_hub_url(record.repo, file.path, revision=record.commit, endpoint=api.endpoint)
    network_errors: tuple[type[Exception], ...] = (errors.HTTPError,)  # type: ignore[attr-defined]
    part.parent.mkdir(exist_ok=True)
    waits = iter(_RETRY_AFTER)
    while (had := part.stat().st_size if part.exists() else 0) < file.size or had == file.size == 0:
        meter.advance(file.path, 0)
        try:
            _receive(url, headers(api), file, part, meter)
        except network_errors as error:
            status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
            if part.exists() and part.stat().st_size > had:
                waits = iter(_RETRY_AFTER)
            wait = next(waits, None)
            if wait is None or not (status is None or status == 429 or status >= 500):
                raise
            _LOGGER.debug("%s of %s stopped (%s), again in %s s", file.path, record.repo, type(error).__name__, wait)
            time.sleep(wait)
        else:
            break
    if not file.is_intact(part):
        part.unlink(missing_ok=True)
        raise ModelFilesError(f"{file.path} of {record.repo} was damaged on the way; try again to fetch it anew.")


def _receive(url: str, sent: dict[str, str], file: HubFile, part: Path, meter: Meter) -> None:
    """Append the rest of a file to `part`, or start over where the server cannot resume."""
    from huggingface_hub import get_session, hf_raise_for_status

    with part.open("ab") as sink:
        had = sink.tell()
        wanted = {**sent, "Accept-Encoding": "identity"}
        if had:
            wanted["Range"] = f"bytes={had}-"
        with get_session().stream("GET", url, headers=wanted, timeout=TIMEOUT) as response:
            hf_raise_for_status(response)
            if had and response.status_code != 206:
                sink.truncate(0)
                meter.advance(file.path, -had)
            for chunk in response.iter_bytes():
                sink.write(chunk)
                meter.advance(file.path, len(chunk))
        sink.flush()
        os.fsync(sink.fileno())


def _install(folder: Path, record: Record, fetched: list[HubFile]) -> None:
    """Move what was fetched into place, then let it count."""
    records = read_records(folder)
    digests = {file.path: file.digest for file in record.files}
    model = HubModel(record.repo, record.revision, record.patterns)
    replaced = [
        other
        for other in records
        if other.is_of(model) or any(digests.get(file.path, file.digest) != file.digest for file in other.files)
    ]
    kept = [other for other in records if other not in replaced]
    if replaced:
        write_records(folder, kept)
    (folder / MOVING).touch()
    for file in fetched:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        _partial(folder, file).replace(target)
    write_records(folder, [*kept, record])
    (folder / MOVING).unlink()
    delete_unused(folder, replaced, [*kept, record])
    if fetched and not any((folder / PARTIAL).iterdir()):
        (folder / PARTIAL).rmdir()


def _partial(folder: Path, file: HubFile) -> Path:
    """Where a file lies until all are there; named by its content, so that another revision never goes on with it."""
    name = hashlib.sha256(f"{file.path}\n{file.digest}".encode()).hexdigest()
    return folder / PARTIAL / name[:32]


def _check_space(folder: Path, need: int) -> None:
    free = shutil.disk_usage(folder).free
    if need > free:
        raise ModelFilesError(f"Not enough space in {folder}: {as_bytes(need)} needed, {as_bytes(free)} free.")
