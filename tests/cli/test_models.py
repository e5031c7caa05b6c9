"""`models`: what there is, and what downloading, verifying and removing say and do."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.models.hub import engine as hub_engine
from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub import lookup as hub_lookup
from wyoming_openspeakers.models.hub import on_demand
from wyoming_openspeakers.models.hub.installed import MANIFEST

Cli = Callable[..., Any]
COMMIT = "1" * 40
TOKEN = "hf_QwErTyUiOpAsDfGhJkLzXcVbNm12345678"  # noqa: S105 - nobody's
WEIGHTS = bytes(range(256)) * 4096
VOICE = "de_DE-thorsten-medium"


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections, wherever the test runs."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")


def test_the_list_says_what_can_be_used_and_how_to_get_the_rest(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("models", "--data-dir", str(tmp_path))
    assert outcome.status == 0 and cli("models", "list", "--data-dir", str(tmp_path)) == outcome
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if not line.startswith(" ")}
    assert {"hibari", "kokoro", "piper", "orpheus"} <= set(lines)
    assert re.search(r"Apache-2.0, gated +.* +\(6.3 GB\) ", lines["csm"])
    assert re.fullmatch(r"hibari +Hibari +Apache-2.0 +service +- +1 voice", lines["hibari"])
    assert "`wyoming-openspeakers models download kokoro`" in lines["kokoro"]
    assert re.search(r"`wyoming-openspeakers models download piper/VOICE`, voices: http", lines["piper"])


def test_files_that_were_put_elsewhere_by_hand_have_a_size(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "csm").mkdir(parents=True)
    (tmp_path / "elsewhere" / "csm" / "model.safetensors").write_bytes(bytes(2_000_000))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"models": {"paths": [str(tmp_path / "elsewhere")]}}))
    outcome = cli("models", "--data-dir", str(tmp_path / "data"), "--config", str(tmp_path / "config.yaml"))
    (line,) = [line for line in outcome.out.splitlines() if line.startswith("csm ")]
    assert re.search(r"Apache-2.0, gated +\w+ +2\.0 MB ", line)


@pytest.mark.parametrize("order", [("models", "--data-dir", "{}", "list"), ("models", "list", "--data-dir", "{}")])
def test_options_count_before_and_after_the_action(cli: Cli, tmp_path: Path, order: tuple[str, ...]) -> None:
    assert str(tmp_path / "models" / "kokoro") in cli(*(part.format(tmp_path) for part in order)).out


@pytest.mark.parametrize(
    ("name", "status", "complaint"),
    [
        ("gone", 2, "There is no model 'gone'; models: hibari, kokoro, "),
        ("hibari", 1, "Model hibari has no files on the hub"),
        ("piper", 2, "piper: name a voice, such as en_US-lessac-medium"),
        ("piper/nonsense", 2, "piper/nonsense: name a voice"),
    ],
)
@pytest.mark.parametrize("action", ["download", "remove"])
def test_what_cannot_be_meant(cli: Cli, action: str, name: str, status: int, complaint: str) -> None:
    outcome = cli("models", action, name)
    assert (outcome.status, outcome.out) == (status, "")
    assert re.fullmatch(f"error: {re.escape(complaint)}.*\n", outcome.err)


@pytest.mark.parametrize("name", ["kokoro", "piper/de_DE-thorsten-medium"])
def test_a_download_without_a_network_is_one_line_and_quick(cli: Cli, no_hub: None, tmp_path: Path, name: str) -> None:
    began = time.monotonic()
    outcome = cli("models", "download", name, "--data-dir", str(tmp_path))
    assert time.monotonic() - began < 10
    assert outcome.status == 1 and outcome.out == ""
    assert re.fullmatch(r"error: The connection to the hub failed while fetching .*; try again.*\n", outcome.err)
    assert not list(tmp_path.rglob(MANIFEST))


def test_removing_what_is_not_there(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("models", "remove", "kokoro", "--data-dir", str(tmp_path))
    assert (outcome.status, outcome.out, outcome.err) == (0, "kokoro was not there\n", "")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    for name in ("HF_TOKEN", "HUGGINGFACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with hub_server() as running:
        # What HF_ENDPOINT sets when the library is imported.
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", running.url)
        template = f"{running.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        running.repos["owner/sound"] = Repo(COMMIT, {"config.json": b"{}", "model.onnx": WEIGHTS})
        running.repos["owner/voices"] = Repo(
            COMMIT, {f"{VOICE}.onnx": b"v" * 1000, f"{VOICE}.onnx.json": b"{}", "other-a-b.onnx": b"o"}
        )
        running.repos["owner/tts"] = Repo(
            COMMIT, {"config.json": b'{"model_type": "vits"}', "model.safetensors": b"w" * 200_000}
        )
        yield running


@pytest.fixture
def call(cli: Cli, server: HubServer, tmp_path: Path) -> Cli:
    """`models`, with two models that a hub on localhost has, and with data of its own."""
    models = {
        "sound": {"engine": "faults.engine", "licence": "MIT", "hub": {"repo": "owner/sound", "revision": COMMIT}},
        "tongues": {
            "engine": "piper",
            "hub": {"repo": "owner/voices", "revision": COMMIT, "files": ["{voice}.onnx", "{voice}.onnx.json"]},
        },
    }
    file = tmp_path / "models.yaml"
    file.write_text(yaml.safe_dump({"models": models}))
    return lambda *arguments: cli("models", *arguments, "--models", str(file), "--data-dir", str(tmp_path / "data"))


@pytest.fixture
def on_demand_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSPEAKERS__HUB__ON_DEMAND", "true")
    for module in (hub_engine, hub_lookup, on_demand):
        monkeypatch.setattr(module, "supported_types", lambda: frozenset({"vits"}))


def row(outcome: Any, model: str) -> str:
    lines: list[str] = outcome.out.splitlines()
    return next(line for line in lines if line.split()[0] == model)


def test_a_licence_that_nobody_named_is_unknown(call: Cli) -> None:
    assert row(call(), "tongues").split()[:3] == ["tongues", "unknown", "service"]


def test_a_download_tells_how_far_it_is_and_is_listed(call: Cli, tmp_path: Path) -> None:
    outcome = call("download", "sound")
    assert (outcome.status, outcome.out) == (0, f"sound is ready, in {tmp_path}/data/models/sound\n")
    assert re.search(r"^sound: 100 % of 1\.0 MB", outcome.err, re.MULTILINE)
    assert re.search(r"MIT +service +1\.0 MB +\d+ voice", row(call(), "sound"))
    again = call("download", "sound")
    assert (again.status, again.out, again.err) == (0, outcome.out.replace("is ready", "is there already"), "")


@pytest.mark.parametrize("name", ["sound", f"tongues/{VOICE}"])
def test_damage_is_named_with_its_remedy_and_mended_by_it(call: Cli, tmp_path: Path, name: str) -> None:
    call("download", name)
    sound = call("verify")
    assert sound.status == 0 and re.fullmatch(rf"{name}: 2 files as on the hub\n", sound.out)
    file = max((tmp_path / "data/models").rglob("*.onnx"), key=lambda path: path.stat().st_size)
    file.write_bytes(bytes(file.stat().st_size))
    damaged = call("verify")
    assert damaged.status == 1 and f"{file} is damaged" in damaged.out
    remedy = re.search(r"mend it with `wyoming-openspeakers models (.*)`", damaged.out)
    assert remedy and call(*remedy[1].split()).out.startswith(f"{name} is ready")
    assert call("verify", name) == sound
    file.unlink()
    assert f"{file} is missing" in call("verify", name).out


def test_verify_tells_what_was_never_downloaded(call: Cli) -> None:
    assert call("verify").status == 0
    outcome = call("verify", "sound")
    assert outcome.status == 1 and "sound: not downloaded; get it with" in outcome.out
    assert call("verify", "gone").status == 2


def test_remove_says_what_it_freed(call: Cli, tmp_path: Path) -> None:
    call("download", "sound", f"tongues/{VOICE}")
    assert call("remove", "sound").out == "Removed sound, 1.0 MB\n"
    assert not (tmp_path / "data/models/sound").exists()
    assert call("verify", f"tongues/{VOICE}").status == 0


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGINGFACE_HUB_TOKEN", "OPENSPEAKERS__HUB__TOKEN"])
def test_the_token_of_the_configuration_is_used_and_not_told(
    call: Cli, server: HubServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, TOKEN)
    server.repos["owner/sound"].token = "hf_other"  # noqa: S105 - nobody's
    outcome = call("download", "sound", "--log-level", "debug")
    assert outcome.status == 1 and "does not accept the token" in outcome.err
    assert TOKEN not in outcome.err + outcome.out
    assert {request.token for request in server.requests} == {TOKEN}
    server.repos["owner/sound"].token = TOKEN
    assert call("download", "sound").status == 0


def test_a_model_in_no_list_needs_the_setting(call: Cli, server: HubServer) -> None:
    outcome = call("download", "owner/tts")
    assert outcome.status == 2 and "set hub.on_demand to true" in outcome.err
    assert server.requests == []


@pytest.mark.slow
def test_a_model_in_no_list_is_downloaded_and_removed(
    call: Cli, server: HubServer, on_demand_is_on: None, tmp_path: Path
) -> None:
    outcome = call("download", "owner/tts@v1.0.0")
    assert outcome.out == f"owner/tts is ready, in {tmp_path}/data/models/owner--tts\n"
    assert "owner/tts is a model of the type vits, 0.2 MB" in outcome.err
    assert call("verify", "owner/tts").out == "owner/tts: 2 files as on the hub\n"
    assert "there already" in call("download", "owner/tts").out
    assert "Removed owner/tts" in call("remove", "owner/tts").out
    assert call("remove", "owner/tts").status == 2


def test_half_a_model_in_no_list_can_be_removed(
    call: Cli, server: HubServer, on_demand_is_on: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hub, "_RETRY_AFTER", ())
    server.cuts = [100_000]
    assert call("download", "owner/tts").status == 1
    assert call("remove", "owner/tts").out == "Removed owner/tts, 0.1 MB\n"
    assert not (tmp_path / "data/models/owner--tts").exists()


def test_trending_models_are_listed(call: Cli, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.listing = [
        {"id": "a/one", "downloads": 10, "likes": 2, "gated": "auto", "tags": ["license:mit"],
         "cardData": {"language": ["de", "en", "fr", "it", "es"]}},
        {"id": "owner/two", "library_name": "nemo", "tags": ["license:cc-by-nc-4.0"]},
    ]  # fmt: skip
    one, two = call("trending", "--count", "2").out.splitlines()
    assert re.fullmatch(r"a/one +10 downloads +2 likes +mit, gated +de, en, fr, it, \.\.\.", one)
    assert re.search(r" cc-by-nc-4\.0, non-commercial +no engine$", two)
    assert call("trending", "--count", "1").out.split() == one.split()
    assert call("trending", "--count", "101").status == 2


@pytest.mark.slow
def test_an_interrupted_download_says_that_it_is_kept(
    server: HubServer, begin: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    models = {"big": {"engine": "piper", "hub": {"repo": "owner/sound", "revision": COMMIT}}}
    (tmp_path / "models.yaml").write_text(yaml.safe_dump({"models": models}))
    server.hold_after = 500_000
    options = ["--models", str(tmp_path / "models.yaml"), "--data-dir", str(tmp_path)]
    process = begin("models", "download", "big", *options)
    parts = tmp_path / "models/big/.partial"
    for _ in range(2000):
        if parts.is_dir() and any(part.stat().st_size >= 300_000 for part in parts.iterdir()):
            break
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"what has come of big is kept" in errors and b"Traceback" not in errors
    listed = begin("models", *options).communicate(timeout=10)[0]
    assert re.search(rb"0\.[345] MB of a download that was cut off are here", listed)
