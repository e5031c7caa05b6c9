"""Downloads from a hub on localhost, with the real client library."""

import logging
import os
import shutil
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.errors import ModelFilesError
from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub.fetch import DownloadProgress, HubModel, download, is_installed, remove, verify
from wyoming_openspeakers.models.hub.installed import is_settled
from wyoming_openspeakers.models.hub.progress import shown_progress

pytestmark = pytest.mark.slow

COMMIT = "1" * 40
NEXT = "2" * 40
SECRET = "hf_right"  # noqa: S105
WRONG = "hf_wrong"
WEIGHTS = bytes(range(256)) * 4096
MODEL = HubModel("owner/voice", COMMIT, ("config.json", "onnx/model.onnx", "voices/*.bin"))
FILES = {
    "config.json": b'{"rate": 24000}',
    "onnx/model.onnx": WEIGHTS,
    "onnx/model_fp16.onnx": b"not wanted",
    "voices/one.bin": b"one" * 1000,
    "voices/two.bin": b"two" * 1000,
}
WANTED = {path for path in FILES if path != "onnx/model_fp16.onnx"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "_RETRY_AFTER", (0, 0))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_server() as running:
        running.repos["owner/voice"] = Repo(COMMIT, FILES)
        yield running


def files_in(folder: Path) -> set[str]:
    hidden = {".hub.json", ".lock"}
    paths = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if path not in hidden}


def failure(server: HubServer, folder: Path, model: HubModel = MODEL, token: str | None = None) -> str:
    with pytest.raises(ModelFilesError) as caught:
        download(folder, model, token, endpoint=server.url)
    assert not is_installed(folder, model)
    text = str(caught.value)
    assert "\n" not in text
    assert "http" not in text
    return text


def test_download_brings_the_wanted_files_and_nothing_else(server: HubServer, tmp_path: Path) -> None:
    assert not is_installed(tmp_path / "m", MODEL)
    download(tmp_path / "m", MODEL, endpoint=server.url)
    assert files_in(tmp_path / "m") == WANTED
    assert all((tmp_path / "m" / path).read_bytes() == FILES[path] for path in WANTED)
    assert is_installed(tmp_path / "m", MODEL)


def test_an_installed_model_needs_no_network(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    seen = len(server.requests)
    download(tmp_path, MODEL, endpoint=server.url)
    assert len(server.requests) == seen


def test_a_tag_is_resolved_once_to_its_commit(server: HubServer, tmp_path: Path) -> None:
    model = HubModel("owner/voice", "v1.0.0", ("voices/*",))
    download(tmp_path, model, endpoint=server.url)
    assert is_installed(tmp_path, model)
    assert all(COMMIT in path for path in server.paths("/owner/voice/resolve/"))


def test_progress_counts_every_byte_to_the_total(server: HubServer, tmp_path: Path) -> None:
    seen: list[DownloadProgress] = []
    download(tmp_path, MODEL, on_progress=seen.append, endpoint=server.url)
    total = sum(len(FILES[path]) for path in WANTED)
    assert {progress.total for progress in seen} == {total}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == total
    assert {progress.file for progress in seen} == WANTED
    assert max(progress.rate for progress in seen) > 0


def test_a_dropped_connection_is_resumed_where_it_broke(server: HubServer, tmp_path: Path) -> None:
    server.cuts = [300_000, 300_000]
    seen: list[DownloadProgress] = []
    model = HubModel("owner/voice", COMMIT, ("onnx/model.onnx",))
    download(tmp_path, model, on_progress=seen.append, endpoint=server.url)
    transfers = [request.range for request in server.requests if request.path.startswith("/cdn/")]
    assert transfers == [None, "bytes=300000-", "bytes=600000-"]
    assert (tmp_path / "onnx/model.onnx").read_bytes() == WEIGHTS
    assert seen[-1].done == seen[-1].total == len(WEIGHTS)


def test_an_interrupted_download_goes_on_in_the_next_run(server: HubServer, tmp_path: Path) -> None:
    def interrupt(progress: DownloadProgress) -> None:
        if progress.done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(tmp_path, MODEL, on_progress=interrupt, endpoint=server.url)
    assert not is_installed(tmp_path, MODEL)
    assert files_in(tmp_path).isdisjoint(WANTED), "nothing may look usable before everything is there"

    server.requests.clear()
    seen: list[DownloadProgress] = []
    download(tmp_path, MODEL, on_progress=seen.append, endpoint=server.url)
    assert seen[0].done > 500_000, "what is here already counts"
    ranges = [request.range for request in server.requests if request.range and request.path.startswith("/cdn/")]
    assert len(ranges) == 1
    assert int(ranges[0][len("bytes=") : -1]) >= 500_000
    assert (tmp_path / "onnx/model.onnx").read_bytes() == WEIGHTS
    assert is_installed(tmp_path, MODEL)
    assert files_in(tmp_path) == WANTED, "no partial file is left"


def test_a_server_that_cannot_resume_sends_it_all_again(server: HubServer, tmp_path: Path) -> None:
    server.ranges = False
    server.cuts = [300_000]
    seen: list[DownloadProgress] = []
    download(tmp_path, MODEL, on_progress=seen.append, endpoint=server.url)
    assert (tmp_path / "onnx/model.onnx").read_bytes() == WEIGHTS
    assert seen[-1].done == seen[-1].total


def test_a_passing_server_error_is_tried_again(server: HubServer, tmp_path: Path) -> None:
    server.statuses = [503, 429]
    download(tmp_path, MODEL, endpoint=server.url)
    assert is_installed(tmp_path, MODEL)


def test_a_lasting_server_error_is_told(server: HubServer, tmp_path: Path) -> None:
    server.statuses = [500] * 10
    assert "answered 500" in failure(server, tmp_path)


def test_a_lasting_break_keeps_what_came(server: HubServer, tmp_path: Path) -> None:
    server.cuts = [1000, 0, 0, 0]
    assert "what has come is kept" in failure(server, tmp_path)
    assert 1000 in {path.stat().st_size for path in (tmp_path / ".partial").iterdir()}


def test_damaged_content_is_refused_and_fetched_anew(server: HubServer, tmp_path: Path) -> None:
    server.damaged = True
    assert "damaged" in failure(server, tmp_path)
    server.damaged = False
    download(tmp_path, MODEL, endpoint=server.url)
    assert (tmp_path / "onnx/model.onnx").read_bytes() == WEIGHTS


def test_small_files_are_verified_too(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    (tmp_path / ".hub.json").unlink()
    (tmp_path / "config.json").write_bytes(b'{"rate": 99999}')
    download(tmp_path, MODEL, endpoint=server.url)
    assert (tmp_path / "config.json").read_bytes() == FILES["config.json"]


def test_files_that_are_there_already_are_not_fetched(server: HubServer, tmp_path: Path) -> None:
    for path in WANTED:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(FILES[path])
    download(tmp_path, MODEL, endpoint=server.url)
    assert is_installed(tmp_path, MODEL)
    assert not server.paths("/owner/")


def test_a_model_with_a_missing_or_cut_file_is_not_installed(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    (tmp_path / "voices/one.bin").write_bytes(b"one")
    assert not is_installed(tmp_path, MODEL)
    download(tmp_path, MODEL, endpoint=server.url)
    (tmp_path / "voices/one.bin").unlink()
    assert not is_installed(tmp_path, MODEL)


def test_damage_that_keeps_the_size_is_found_and_mended(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    assert verify(tmp_path, MODEL) == verify(tmp_path) == []
    (tmp_path / "onnx/model.onnx").write_bytes(WEIGHTS[:-1] + b"x")
    (tmp_path / "config.json").unlink()
    assert verify(tmp_path, MODEL) == verify(tmp_path) == ["config.json", "onnx/model.onnx"]
    server.requests.clear()
    download(tmp_path, MODEL, endpoint=server.url)
    assert verify(tmp_path, MODEL) == []
    assert (tmp_path / "onnx/model.onnx").read_bytes() == WEIGHTS
    fetched = server.paths("/owner/voice/resolve/")
    assert sorted(path.rpartition("/")[2] for path in fetched) == ["config.json", "model.onnx"]


def test_a_damaged_model_does_not_look_installed_while_it_is_mended(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    (tmp_path / "onnx/model.onnx").write_bytes(WEIGHTS[::-1])
    seen: list[bool] = []
    download(tmp_path, MODEL, on_progress=lambda _: seen.append(is_installed(tmp_path, MODEL)), endpoint=server.url)
    assert seen and not any(seen)
    assert is_installed(tmp_path, MODEL)


def test_damage_found_without_a_network_deletes_nothing(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    (tmp_path / "onnx/model.onnx").write_bytes(WEIGHTS[::-1])
    with pytest.raises(ModelFilesError, match="connection to the hub failed"):
        download(tmp_path, MODEL, endpoint="http://127.0.0.1:1")
    assert files_in(tmp_path) == WANTED


def test_an_end_in_the_middle_of_moving_leaves_a_mark_that_it_is_not_all_there(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace
    moved: list[Path] = []

    def replace_once(path: Path, target: Path) -> Path:
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        assert not is_settled(tmp_path)
        return replace(path, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", replace_once)
        download(tmp_path, MODEL, endpoint=server.url)
    assert moved[0].exists() and not is_settled(tmp_path) and not is_installed(tmp_path, MODEL)

    server.requests.clear()
    download(tmp_path, MODEL, endpoint=server.url)
    assert is_settled(tmp_path) and is_installed(tmp_path, MODEL)
    assert not server.paths("/owner/"), "all that came was kept"


def test_a_new_revision_replaces_the_old(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    newer = HubModel(MODEL.repo, NEXT, MODEL.patterns)
    files = {"config.json": b"{}", "onnx/model.onnx": WEIGHTS, "voices/one.bin": b"1"}
    server.repos["owner/voice"] = Repo(NEXT, files)
    assert not is_installed(tmp_path, newer)
    server.requests.clear()
    download(tmp_path, newer, endpoint=server.url)
    assert files_in(tmp_path) == set(files)
    assert is_installed(tmp_path, newer)
    assert not is_installed(tmp_path, MODEL)
    assert len(server.paths("/owner/")) == 2, "unchanged weights are not fetched again"


def test_an_update_that_fails_leaves_the_old_revision_usable(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    server.repos["owner/voice"] = Repo(NEXT, {**FILES, "onnx/model.onnx": WEIGHTS[::-1]})
    server.statuses = [500] * 10
    failure(server, tmp_path, HubModel(MODEL.repo, NEXT, MODEL.patterns))
    assert is_installed(tmp_path, MODEL)
    assert (tmp_path / "onnx/model.onnx").read_bytes() == WEIGHTS


def test_several_downloads_share_a_folder(server: HubServer, tmp_path: Path) -> None:
    one, two = (HubModel("owner/voice", COMMIT, ("config.json", f"voices/{name}.bin")) for name in ("one", "two"))
    download(tmp_path, one, endpoint=server.url)
    assert not is_installed(tmp_path, two)
    download(tmp_path, two, endpoint=server.url)
    (tmp_path / "voices/mine.bin").write_bytes(b"mine")

    assert remove(tmp_path, one) == len(FILES["voices/one.bin"])
    assert not is_installed(tmp_path, one)
    assert is_installed(tmp_path, two)
    assert files_in(tmp_path) == {"config.json", "voices/two.bin", "voices/mine.bin"}

    remove(tmp_path)
    assert files_in(tmp_path) == {"voices/mine.bin"}
    assert not is_installed(tmp_path, two)


def test_remove_leaves_no_empty_folder(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path / "voice", MODEL, endpoint=server.url)
    assert remove(tmp_path / "voice") == sum(len(FILES[path]) for path in WANTED)
    assert not (tmp_path / "voice").exists()
    assert remove(tmp_path / "voice") == 0


def test_the_token_goes_to_the_hub_and_nowhere_else(
    server: HubServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.repos["owner/voice"] = Repo(COMMIT, FILES, token=SECRET)
    server.cuts = [10]
    with caplog.at_level(logging.DEBUG):
        download(tmp_path, MODEL, SECRET, endpoint=server.url)
        assert "check HF_TOKEN" in failure(server, tmp_path / "other", token=WRONG)
    to_hub = {request.token for request in server.requests if request.host.startswith("127.0.0.1")}
    to_others = {request.token for request in server.requests if request.host.startswith("localhost")}
    assert to_hub == {SECRET, WRONG}
    assert to_others == {None}
    assert SECRET not in caplog.text
    assert WRONG not in caplog.text


def test_a_gated_model_says_what_to_do(server: HubServer, tmp_path: Path) -> None:
    server.repos["owner/voice"] = Repo(COMMIT, FILES, token=SECRET, gated=True)
    assert "terms" in failure(server, tmp_path)


def test_a_missing_model_revision_or_file_is_named(server: HubServer, tmp_path: Path) -> None:
    assert "no model owner/nothing" in failure(server, tmp_path, HubModel("owner/nothing", COMMIT))
    assert f"no revision {NEXT}" in failure(server, tmp_path, HubModel("owner/voice", NEXT))
    misspelt = HubModel("owner/voice", COMMIT, ("config.json", "voices/tree.bin"))
    assert failure(server, tmp_path, misspelt).endswith("no such files: voices/tree.bin.")
    assert "owner/name" in failure(server, tmp_path, HubModel("a//b", COMMIT))


def test_no_network_is_told(server: HubServer, tmp_path: Path) -> None:
    server.url = "http://127.0.0.1:1"
    assert "connection to the hub failed" in failure(server, tmp_path)


def test_a_guest_network_is_no_hub(server: HubServer, tmp_path: Path) -> None:
    server.html = True
    assert "not a model hub" in failure(server, tmp_path)


@pytest.mark.parametrize(
    "path", ["../evil.bin", "/evil.bin", "a/../../evil.bin", "c:evil.bin", "a\\evil.bin", ".hub.json", ".moving"]
)
def test_a_hub_cannot_write_outside_the_folder(server: HubServer, tmp_path: Path, path: str) -> None:
    server.repos["owner/voice"] = Repo(COMMIT, {path: b"evil"})
    failure(server, tmp_path / "m", HubModel("owner/voice", COMMIT))
    assert not list(tmp_path.rglob("*evil*"))


def test_too_little_space_is_told_before_anything_is_fetched(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**6, 10**6, 1000))
    assert "1.1 MB needed, 0.0 MB free" in failure(server, tmp_path)
    assert not server.paths("/owner/")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_disk_that_fills_up_is_told(server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_partial", lambda folder, file: folder / ".partial" / "full")
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial/full").symlink_to("/dev/full")
    assert "No space left" in failure(server, tmp_path)


def test_a_folder_that_cannot_be_made_is_told(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in failure(server, tmp_path / "file" / "m")


def test_the_callers_own_error_passes_through(server: HubServer, tmp_path: Path) -> None:
    def stop(_: DownloadProgress) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        download(tmp_path, MODEL, on_progress=stop, endpoint=server.url)


def test_a_broken_manifest_means_not_installed(server: HubServer, tmp_path: Path) -> None:
    download(tmp_path, MODEL, endpoint=server.url)
    for broken in ("", "{}", '[{"repo": 1}]', "nonsense"):
        (tmp_path / ".hub.json").write_text(broken)
        assert not is_installed(tmp_path, MODEL)
    download(tmp_path, MODEL, endpoint=server.url)
    assert is_installed(tmp_path, MODEL)


def test_two_processes_do_not_download_at_once(server: HubServer, tmp_path: Path) -> None:
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    with WeakFileLock(tmp_path / ".lock"):
        assert "Another process" in failure(server, tmp_path)


BAR = """
from wyoming_openspeakers.models.hub.progress import DownloadProgress, shown_progress
with shown_progress("voice") as show:
    for done in (40, 45, 70, 100):
        show(DownloadProgress("voices/one.bin", done, 100, 10.0))
"""


def test_a_terminal_shows_a_bar() -> None:
    terminal, end = os.openpty()
    termios.tcsetwinsize(terminal, (25, 100))
    subprocess.run([sys.executable, "-c", BAR], stderr=end, check=True)
    os.close(end)
    shown = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert "one.bin: 100%" in shown
    assert "100/100" in shown


def test_a_log_file_gets_plain_lines_now_and_then() -> None:
    shown = subprocess.run([sys.executable, "-c", BAR], capture_output=True, check=True, text=True).stderr
    assert shown.splitlines() == [f"voice: {percent} % of 0.0 MB, 0.0 MB/s" for percent in (40, 70, 100)]


def test_a_slow_download_gets_a_line_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, 5.0, 11.0, 12.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    with shown_progress("voice") as show:
        for done in (100, 101, 102, 103):
            show(DownloadProgress("one.bin", done, 100_000, 0.0))
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_the_client_library_is_imported_only_to_download() -> None:
    code = "import sys, wyoming_openspeakers.models.hub.fetch; sys.exit('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


WHOLE = replace(MODEL, parts=(("codec", HubModel("owner/codec", NEXT, ("*.safetensors",))),))


def test_what_a_model_needs_of_another_repository_comes_with_it_and_goes_with_it(
    server: HubServer, tmp_path: Path
) -> None:
    server.repos["owner/codec"] = Repo(NEXT, {"codec.safetensors": WEIGHTS, "notes.md": b"not wanted"})
    told: list[DownloadProgress] = []
    download(tmp_path / "m", WHOLE, on_progress=told.append, endpoint=server.url)
    assert files_in(tmp_path / "m") - {"codec/.hub.json"} == {*WANTED, "codec/codec.safetensors"}
    assert told[-1].done == told[-1].total == sum(len(FILES[path]) for path in WANTED) + len(WEIGHTS)
    assert is_installed(tmp_path / "m", WHOLE)
    assert is_installed(tmp_path / "m", MODEL)
    assert verify(tmp_path / "m", WHOLE) == verify(tmp_path / "m") == []
    remove(tmp_path / "m", WHOLE)
    assert not (tmp_path / "m").exists()


def test_a_damaged_part_is_found_and_mended_alone(server: HubServer, tmp_path: Path) -> None:
    server.repos["owner/codec"] = Repo(NEXT, {"codec.safetensors": WEIGHTS})
    download(tmp_path, WHOLE, endpoint=server.url)
    (tmp_path / "codec/codec.safetensors").write_bytes(WEIGHTS[::-1])
    assert verify(tmp_path, WHOLE) == verify(tmp_path) == ["codec/codec.safetensors"]
    server.requests.clear()
    download(tmp_path, WHOLE, endpoint=server.url)
    assert verify(tmp_path, WHOLE) == []
    assert not any("owner/voice" in request.path for request in server.requests)


def test_a_part_that_is_not_there_keeps_the_model_from_counting_and_is_named(server: HubServer, tmp_path: Path) -> None:
    assert "owner/codec" in failure(server, tmp_path / "m", WHOLE)
    server.repos["owner/codec"] = Repo(NEXT, {"codec.safetensors": WEIGHTS})
    download(tmp_path / "m", WHOLE, endpoint=server.url)
    assert is_installed(tmp_path / "m", WHOLE)


def test_all_of_a_folder_goes_with_its_parts(server: HubServer, tmp_path: Path) -> None:
    server.repos["owner/codec"] = Repo(NEXT, {"codec.safetensors": WEIGHTS})
    download(tmp_path / "m", WHOLE, endpoint=server.url)
    (tmp_path / "m/codec/own.txt").write_text("mine", "utf-8")
    assert remove(tmp_path / "m") >= len(WEIGHTS)
    assert files_in(tmp_path / "m") == {"codec/own.txt"}
