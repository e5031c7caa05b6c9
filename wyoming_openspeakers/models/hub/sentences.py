"""What went wrong with the hub, in one sentence that says what to do."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import ModelFilesError

_LOGGER = logging.getLogger(__name__)

NO_HUB = "What answered for {} is not a model hub; check HF_ENDPOINT and the network."


@contextmanager
def explained(subject: str, revision: str = "", folder: Path | str = "", kept: str = "") -> Iterator[None]:
    """Turn whatever goes wrong into one sentence. No URL and no token gets into it, nor into what it was raised from.

    `subject` is what was asked for, `kept` what becomes of the part that has come.
    """
    try:
        yield
    except ModelFilesError:
        raise
    except Exception as error:
        sentence = _sentence(error, subject, revision, folder, f", {kept}" if kept else "")
        if sentence is None:
            raise
        _LOGGER.debug("%s: %s", subject, type(error).__name__)
        # Without its cause: the client library's errors may quote a header, which has the token.
        raise ModelFilesError(sentence) from None


def _sentence(error: Exception, subject: str, revision: str, folder: Path | str, kept: str) -> str | None:
    from huggingface_hub import errors

    network_error: Any = errors.HTTPError  # type: ignore[attr-defined]
    match error:
        case errors.OfflineModeIsEnabled():
            return f"There is no fetching {subject} while HF_HUB_OFFLINE is set."
        case errors.GatedRepoError():
            return (
                f"{subject} wants its terms accepted on its hub page first; then give a token in hub.token or HF_TOKEN."
            )
        case errors.RepositoryNotFoundError():
            return (
                f"There is no model {subject} on the hub, or it is private and hub.token or HF_TOKEN holds no token "
                "for it."
            )
        case errors.RevisionNotFoundError():
            return f"{subject} has no revision {revision}."
        case errors.HfHubHTTPError():
            status = error.response.status_code
            if status in (401, 403):
                return f"The hub does not accept the token for {subject}; check HF_TOKEN or hub.token."
            return f"The hub answered {status} for {subject}; try again later{kept}."
        case network_error():
            return f"The connection to the hub failed while fetching {subject}; try again{kept}."
        case TimeoutError():
            return f"Another process is downloading to {folder}; wait for it to finish."
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"No space left in {folder}; free some and try again{kept}."
        case OSError(strerror=str(reason)) if folder:
            return f"{folder} cannot be written: {reason}."
        case errors.HFValidationError():
            return f"{subject} is not a repository's name; it must look like owner/name."
        case _:
            return None
