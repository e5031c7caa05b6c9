"""The page Models for tests: a hub with a real voice, models that come from it, and what a visitor does with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from assets import PIPER_VOICE, asset
from console_browser import Visit
from fault_models import models_file
from hub_server import HubServer, Repo, hub_server

if TYPE_CHECKING:
    from playwright.sync_api import Locator

COMMIT = "1" * 40
PIPER_COMMIT = "e21c7de8d4eab79b902f0d61e662b3f21664b8d2"
FILES = [f"{PIPER_VOICE}.onnx", f"{PIPER_VOICE}.onnx.json"]
ACCOUNT = "hf_of_somebody"


@contextmanager
def voice_hub() -> Iterator[HubServer]:
    """A hub with one real voice: for everybody, for those with an account, and among Piper's many."""
    files = {name: (asset("piper") / name).read_bytes() for name in FILES}
    with hub_server() as running:
        running.repos["owner/voice"] = Repo(COMMIT, files)
        running.repos["owner/gated"] = Repo(COMMIT, files, token=ACCOUNT, gated=True)
        each = {f"en/en_US/joe/medium/{name}": content for name, content in files.items()}
        running.repos["rhasspy/piper-voices"] = Repo(PIPER_COMMIT, each)
        yield running


def remote(repo: str, **entry: Any) -> dict[str, Any]:
    """A model whose files are on the hub."""
    return {"engine": "piper", "hub": {"repo": repo, "revision": COMMIT, "files": FILES}, **entry}


def fault(name: str, **parameters: Any) -> dict[str, Any]:
    """A model that fails on command."""
    return {"engine": "faults.engine", "name": name, "voice": "plain", "parameters": parameters}


REMOTE = {"remote": remote("owner/voice", name="Remote", licence="MIT", size="63.2MB")}

GATED = {
    "strict": remote(
        "owner/gated", name="Strict", licence="CC-BY-NC-4.0", gated=True, url="https://example.org/strict",
        size="7GB", languages=["en", "de", "fr", "it", "sv"],
    )
}  # fmt: skip

LISTED = {"pipeline_tag": "text-to-speech", "library_name": "transformers"}

TRENDING: list[dict[str, Any]] = [
    {
        **LISTED, "id": "owner/tts", "likes": 1, "downloads": 6000, "tags": ["license:mit"],
        "cardData": {"language": "de"}, "config": {"model_type": "vits"},
        "safetensors": {"parameters": {"F32": 20_000_000}},
    },
    {
        **LISTED, "id": "owner/strange", "likes": 5, "downloads": 60, "tags": ["license:cc-by-nc-4.0"],
        "gated": "auto", "config": {"model_type": "strange"},
    },
]  # fmt: skip


def models_with(folder: Path, models: dict[str, Any]) -> list[str]:
    """The arguments of a service that has the default voice, one that fails on command, and these."""
    tree = models_file()
    tree["models"] |= {"hibari": {}, "fault": fault("Fault")} | models
    file = folder / "models.yaml"
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return ["--models", str(file)]


def hub_settings(hub: HubServer, folder: Path) -> dict[str, str]:
    """The environment of a service whose hub is the one of this machine."""
    return {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "home"), "HF_TOKEN": ""}


def card(it: Visit, name: str) -> Locator:
    """A model on the page, or another card."""
    return it.page.get_by_role("region", name=name, exact=True)


def status(it: Visit, name: str, words: str) -> None:
    """Wait until a model's badge says so."""
    card(it, name).get_by_role("status").get_by_text(words, exact=True).wait_for()


def do(it: Visit, action: str, name: str) -> None:
    """Press a button of a model."""
    card(it, name).get_by_role("button", name=f"{action} {name}", exact=True).click()
