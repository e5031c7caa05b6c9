"""The hub's client library, as this project uses it: with deadlines, and with a token that can be sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...errors import ModelFilesError
from .sentences import NO_HUB

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

TIMEOUT = 20.0
"""Seconds without an answer after which a request is given up."""

_LONGEST_JSON = 20_000_000


def hub_client(token: str | None = None, endpoint: str | None = None) -> HfApi:
    """A client of the hub; without a token the library looks for the user's own."""
    from huggingface_hub import HfApi

    token = (token or "").strip() or None
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        # Checked here because the library's complaint about such a header quotes it.
        raise ModelFilesError("The token in hub.token or HF_TOKEN holds characters that no token has; copy it again.")
    return HfApi(endpoint=endpoint, token=token, library_name="wyoming-openspeakers")


def headers(client: HfApi) -> dict[str, str]:
    """What a request of ours says about itself, with the token."""
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    made: dict[str, str] = build_hf_headers(token=client.token, library_name=client.library_name)
    return made


def model_info(client: HfApi, repo: str, revision: str | None) -> ModelInfo:
    """A repository's commit and files, with their sizes and hashes."""
    try:
        return client.model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ModelFilesError(NO_HUB.format(repo)) from None


def get_json(client: HfApi, url: str, subject: str, parameters: dict[str, Any] | None = None) -> Any:
    """A JSON document of the hub, asked for once and with a deadline."""
    from huggingface_hub import get_session, hf_raise_for_status

    answer = get_session().get(url, params=parameters, headers=headers(client), timeout=TIMEOUT)
    hf_raise_for_status(answer)
    try:
        if len(answer.content) > _LONGEST_JSON:
            raise ValueError("too long")
        return json.loads(answer.content)
    except ValueError:
        raise ModelFilesError(NO_HUB.format(subject)) from None
