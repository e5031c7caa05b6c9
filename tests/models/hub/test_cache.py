"""Model files in the hub client's own cache, made by the client library itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.models.hub.cache import hub_snapshot

COMMIT = "1" * 40
FILES = {"config.json": b"{}", "onnx/model.onnx": b"weights" * 1000}


@pytest.fixture
def server() -> Iterator[HubServer]:
    with hub_server() as running:
        running.repos["owner/voice"] = Repo(COMMIT, FILES)
        yield running


@pytest.fixture
def cache(server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the model, fetched by its tag and by its branch."""
    from huggingface_hub import hf_hub_download

    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    for revision in ("v1.0.0", "main"):
        for file in FILES:
            hf_hub_download("owner/voice", file, revision=revision, cache_dir=tmp_path / "hub", endpoint=server.url)
    return tmp_path / "hub" / "models--owner--voice"


@pytest.mark.parametrize("revision", [COMMIT, "v1.0.0", "main"])
def test_a_snapshot_is_found_by_commit_tag_and_branch(cache: Path, revision: str) -> None:
    snapshot = hub_snapshot("owner/voice", revision)
    assert snapshot == cache / "snapshots" / COMMIT
    assert (snapshot / "onnx/model.onnx").read_bytes() == FILES["onnx/model.onnx"]


@pytest.mark.parametrize(
    "revision", ["2" * 40, "v2", "../snapshots", "refs/pr/1", "", "/etc/passwd", "a\0b", "x" * 999]
)
def test_another_revision_is_not_there(cache: Path, revision: str) -> None:
    assert hub_snapshot("owner/voice", revision) is None
    assert hub_snapshot("owner/other", "main") is None


def test_a_snapshot_with_a_file_on_its_way_does_not_count(cache: Path) -> None:
    (cache / "blobs" / "abc.1234.incomplete").write_bytes(b"part")
    assert hub_snapshot("owner/voice", "main") is None


def test_a_snapshot_with_a_link_to_nothing_does_not_count(cache: Path) -> None:
    link = cache / "snapshots" / COMMIT / "onnx/model.onnx"
    link.resolve().unlink()
    assert hub_snapshot("owner/voice", "main") is None


def test_an_empty_snapshot_does_not_count(cache: Path) -> None:
    (cache / "snapshots" / ("3" * 40)).mkdir()
    assert hub_snapshot("owner/voice", "3" * 40) is None


def test_a_ref_that_is_no_commit_is_not_followed(cache: Path) -> None:
    (cache / "refs" / "main").write_text("../../../elsewhere")
    assert hub_snapshot("owner/voice", "main") is None


@pytest.mark.parametrize(
    "variables",
    [{"HF_HUB_CACHE": "{}/hub"}, {"HUGGINGFACE_HUB_CACHE": "{}/hub"}, {"HF_HOME": "$PLACE"}, {"HF_HOME": "{}"}],
)
def test_the_cache_is_where_the_variables_say(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    monkeypatch.setenv("HF_HOME", "/nowhere")
    monkeypatch.setenv("PLACE", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    assert hub_snapshot("owner/voice", "main") == cache / "snapshots" / COMMIT


def test_without_variables_it_is_in_the_users_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert hub_snapshot("owner/voice", "main") is None
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "huggingface").symlink_to(tmp_path)
    found = hub_snapshot("owner/voice", "main")
    assert found and found.resolve() == cache / "snapshots" / COMMIT
