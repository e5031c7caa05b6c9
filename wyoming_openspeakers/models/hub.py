"""Downloads of model files from a hub: pinned, resumable, verified, and never half used.

What comes from the network lands under `.partial`. Only when every file is there and its hash is right do they move
into place, and the manifest that makes them count is written last.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelFilesError
from .download_progress import DownloadProgress, Meter, OnProgress, progress_bar
from .installed import (
    LOCK,
    MANIFEST,
    PARTIAL,
    HubFile,
    HubModel,
    Record,
    delete_unused,
    is_installed,
    read_records,
    remove,
    write_records,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["DownloadProgress", "HubModel", "OnProgress", "download", "is_installed", "progress_bar", "remove"]

_LOGGER = logging.getLogger(__name__)
_CHUNK = 128 * 1024
_TIMEOUT = 20.0
_RETRY_AFTER = (1.0, 2.0, 4.0)
"""Seconds before each new try, counted afresh whenever data came."""

_NO_HUB = "What answered for {} is not a model hub; check HF_ENDPOINT and the network."


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
    what has come by then is kept.
    """
    if is_installed(folder, model):
        return
    from huggingface_hub import HfApi
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    with _explained(folder, model):
        folder.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(folder / LOCK, timeout=1):
            api = HfApi(endpoint=endpoint, token=token, library_name="wyoming-openspeakers")
            record = _list_files(api, model)
            missing = [file for file in record.files if not _is_intact(folder / file.path, file)]
            _check_space(folder, missing)
            meter = Meter(sum(file.size for file in record.files), _bytes_to_fetch(folder, missing), on_progress)
            for file in missing:
                _fetch(api, record, file, _partial(folder, file), meter)
            _install(folder, record, missing)


def _list_files(api: HfApi, model: HubModel) -> Record:
    """Resolve the revision and list the files to fetch with their sizes and hashes."""
    try:
        info = api.model_info(model.repo, revision=model.revision, files_metadata=True, timeout=_TIMEOUT)
    except (JSONDecodeError, KeyError, TypeError) as error:
        raise ModelFilesError(_NO_HUB.format(model.repo)) from error

    files = []
    for entry in info.siblings or ():
        path = entry.rfilename
        if not any(fnmatchcase(path, pattern) for pattern in model.patterns or ("*",)):
            continue
        if entry.size is None or not _stays_inside(path):
            raise ModelFilesError(_NO_HUB.format(model.repo))
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
    return not any(part in ("", ".", "..", PARTIAL, LOCK, MANIFEST) or "\\" in part or ":" in part for part in parts)


def _fetch(api: HfApi, record: Record, file: HubFile, part: Path, meter: Meter) -> None:
    """Bring one file to `part` and verify it, trying again when the connection breaks."""
    from huggingface_hub import errors, hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    url = hf_hub_url(record.repo, file.path, revision=record.commit, endpoint=api.endpoint)
    headers = build_hf_headers(token=api.token, library_name=api.library_name)
    network_errors: tuple[type[Exception], ...] = (errors.HTTPError,)  # type: ignore[attr-defined]
    part.parent.mkdir(exist_ok=True)
    waits = iter(_RETRY_AFTER)
    meter.advance(file.path, 0)
    while (had := part.stat().st_size if part.exists() else 0) < file.size or had == file.size == 0:
        try:
            _receive(url, headers, file, part, meter)
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
    if not _is_intact(part, file):
        part.unlink(missing_ok=True)
        raise ModelFilesError(f"{file.path} of {record.repo} was damaged on the way; try again to fetch it anew.")


def _receive(url: str, headers: dict[str, str], file: HubFile, part: Path, meter: Meter) -> None:
    """Append the rest of a file to `part`, or start over where the server cannot resume."""
    from huggingface_hub import get_session, hf_raise_for_status

    with part.open("ab") as sink:
        had = sink.tell()
        wanted = {**headers, "Accept-Encoding": "identity"}
        if had:
            wanted["Range"] = f"bytes={had}-"
        with get_session().stream("GET", url, headers=wanted, timeout=_TIMEOUT) as response:
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
    for file in fetched:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        _partial(folder, file).replace(target)
    write_records(folder, [*kept, record])
    delete_unused(folder, replaced, [*kept, record])
    if fetched and not any((folder / PARTIAL).iterdir()):
        (folder / PARTIAL).rmdir()


def _partial(folder: Path, file: HubFile) -> Path:
    """Where a file lies until all are there; named by its content, so that another revision never goes on with it."""
    name = hashlib.sha256(f"{file.path}\n{file.digest}".encode()).hexdigest()
    return folder / PARTIAL / name[:32]


def _is_intact(path: Path, file: HubFile) -> bool:
    """Whether a file is there with the right size and hash."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    kind, _, expected = file.digest.partition(":")
    with path.open("rb") as content:
        if kind == "sha256":
            return hashlib.file_digest(content, "sha256").hexdigest() == expected
        blob = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        while chunk := content.read(_CHUNK):
            blob.update(chunk)
        return blob.hexdigest() == expected


def _check_space(folder: Path, missing: list[HubFile]) -> None:
    need = _bytes_to_fetch(folder, missing)
    free = shutil.disk_usage(folder).free
    if need > free:
        raise ModelFilesError(f"Not enough space in {folder}: {_megabytes(need)} needed, {_megabytes(free)} free.")


def _bytes_to_fetch(folder: Path, missing: list[HubFile]) -> int:
    parts = ((file.size, _partial(folder, file)) for file in missing)
    return sum(size - (part.stat().st_size if part.exists() else 0) for size, part in parts)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


@contextmanager
def _explained(folder: Path, model: HubModel) -> Iterator[None]:
    """Turn whatever goes wrong into one sentence that says what to do. No URL and no token gets into it."""
    try:
        yield
    except ModelFilesError:
        raise
    except Exception as error:
        sentence = _sentence(error, folder, model)
        if sentence is None:
            raise
        raise ModelFilesError(sentence) from error


def _sentence(error: Exception, folder: Path, model: HubModel) -> str | None:
    from huggingface_hub import errors

    network_error: Any = errors.HTTPError  # type: ignore[attr-defined]
    match error:
        case errors.OfflineModeIsEnabled():
            return f"{model.repo} cannot be fetched while HF_HUB_OFFLINE is set."
        case errors.GatedRepoError():
            return f"{model.repo} wants its terms accepted on its hub page first; then give a token in HF_TOKEN."
        case errors.RepositoryNotFoundError():
            return f"There is no model {model.repo} on the hub, or it is private and the token in HF_TOKEN is missing."
        case errors.RevisionNotFoundError():
            return f"{model.repo} has no revision {model.revision}."
        case errors.HfHubHTTPError():
            status = error.response.status_code
            if status in (401, 403):
                return f"The hub does not accept the token for {model.repo}; check HF_TOKEN."
            return f"The hub answered {status} for {model.repo}; try again later, what has come is kept."
        case network_error():
            return f"The connection to the hub failed while fetching {model.repo}; try again, what has come is kept."
        case TimeoutError():
            return f"Another process is downloading to {folder}; wait for it to finish."
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"No space left in {folder}; free some and try again, what has come is kept."
        case OSError(strerror=str(reason)):
            return f"{folder} cannot be written: {reason}."
        case errors.HFValidationError():
            return f"{model.repo} is not a repository's name; it must look like owner/name."
        case _:
            return None
