"""The add-on's folder has what Home Assistant reads, in the form that its Supervisor and the add-on linter want."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from wyoming_openspeakers import __version__
from wyoming_openspeakers.cli.addon.options import AddonOptions
from wyoming_openspeakers.cli.addon.plan import Places

ROOT = Path(__file__).parents[2]
ADDON = ROOT / "addon"
SERVICES = ADDON / "rootfs/etc/s6-overlay/s6-rc.d"
LANGUAGES = sorted((ADDON / "translations").glob("*.yaml"))

DEFAULTS: dict[str, Any] = {
    "advanced": False, "apparmor": True, "audio": False, "auth_api": False, "auto_uart": False, "backup": "hot",
    "boot": "auto", "devicetree": False, "docker_api": False, "full_access": False, "gpio": False, "hassio_api": False,
    "hassio_role": "default", "homeassistant": False, "homeassistant_api": False, "host_dbus": False,
    "host_ipc": False, "host_network": False, "host_pid": False, "host_uts": False, "ingress": False,
    "ingress_port": 8099, "ingress_stream": False, "init": True, "journald": False, "kernel_modules": False,
    "legacy": False, "options": {}, "panel_admin": True, "panel_icon": "mdi:puzzle", "realtime": False, "schema": {},
    "stage": "stable", "startup": "application", "stdin": False, "timeout": 10, "tmpfs": False, "uart": False,
    "udev": False, "ulimits": {}, "usb": False, "video": False,
}  # fmt: skip
"""Keys with their defaults; one that is written although it says the default is an error."""

OTHER_KEYS = {
    "arch", "backup_exclude", "backup_post", "backup_pre", "breaking_versions", "description", "devices", "discovery",
    "environment", "image", "ingress_entry", "machine", "map", "name", "panel_title", "ports", "ports_description",
    "privileged", "services", "slug", "url", "version",
}  # fmt: skip
"""What else may stand there. `watchdog`, `webui` and `codenotary` may no more."""

ELEMENT = re.compile(
    r"(bool|email|url|port|device(\(subsystem=[a-z]+\))?|(str|password|int)(\(\d*,\d*\))?|float(\([\d.]*,[\d.]*\))?"
    r"|match\(.*\)|list\(.+\))\??"
)
"""The type of an option."""


def test_the_manifest_has_no_key_that_is_unknown_old_or_needless(manifest: dict[str, Any]) -> None:
    assert manifest.keys() <= DEFAULTS.keys() | OTHER_KEYS
    assert {"name", "version", "slug", "description", "arch"} <= manifest.keys()
    assert [key for key, value in manifest.items() if key in DEFAULTS and value == DEFAULTS[key]] == []


def test_the_manifest_asks_for_no_more_than_it_needs(manifest: dict[str, Any]) -> None:
    assert sorted(manifest["arch"]) == ["aarch64", "amd64"]
    assert manifest["discovery"] == ["wyoming"] and manifest["services"] == ["mqtt:want"]
    assert manifest["ingress"] is True and manifest["init"] is False
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", manifest["slug"]) and manifest["version"] == __version__
    assert not {"full_access", "privileged", "docker_api", "host_network", "devices"} & manifest.keys()
    assert all(re.fullmatch(r"app_config", entry) for entry in manifest["map"])
    assert 10 <= manifest["timeout"] <= 300


def test_the_ports_are_those_that_the_program_listens_on(manifest: dict[str, Any]) -> None:
    usual = Places()
    http, wyoming = usual.http.rpartition(":")[2], usual.uri.rpartition(":")[2]
    assert manifest["ingress_port"] == int(http)
    # Closed unless the user opens them.
    assert manifest["ports"] == {f"{wyoming}/tcp": None, f"{http}/tcp": None}


def elements(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for inner in schema.values():
            yield from elements(inner)
    elif isinstance(schema, list):
        assert len(schema) == 1 and not isinstance(schema[0], list), "a list holds one kind, and no list"
        yield from elements(schema[0])
    else:
        yield schema


def test_each_option_has_a_type_that_the_supervisor_knows(manifest: dict[str, Any]) -> None:
    for element in elements(manifest["schema"]):
        assert ELEMENT.fullmatch(element), element
        if pattern := re.fullmatch(r"match\((.*)\)\??", element):
            re.compile(pattern[1])


def is_optional(schema: Any) -> bool:
    schema = schema[0] if isinstance(schema, list) else schema
    return isinstance(schema, str) and schema.endswith("?")


def test_each_option_has_a_default_or_may_be_left_out(manifest: dict[str, Any]) -> None:
    assert manifest["options"].keys() <= manifest["schema"].keys()
    missing = manifest["schema"].keys() - manifest["options"].keys()
    assert all(is_optional(manifest["schema"][name]) for name in missing)


def test_the_options_are_those_that_the_program_reads(manifest: dict[str, Any]) -> None:
    assert manifest["schema"].keys() == AddonOptions.model_fields.keys()
    remote = AddonOptions.model_json_schema()["$defs"]["Remote"]
    schema = manifest["schema"]["remotes"][0]
    assert schema.keys() == remote["properties"].keys()
    assert {name for name, kind in schema.items() if not is_optional(kind)} == set(remote["required"])
    for name in ("name", "url"):
        assert schema[name] == f"match({remote['properties'][name]['pattern']})"


EXAMPLES = re.findall(r"```yaml\n((?:models|remotes):.*?)```", (ADDON / "DOCS.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_documentation_are_taken(manifest: dict[str, Any], example: str) -> None:
    given = yaml.safe_load(example)
    assert AddonOptions.model_validate(given)
    for name, value in given.items():
        assert fits(manifest["schema"][name], value), name


def fits(schema: Any, value: Any) -> bool:
    """As the Supervisor checks it."""
    if isinstance(schema, list):
        return isinstance(value, list) and all(fits(schema[0], item) for item in value)
    if isinstance(schema, dict):
        needed = {name for name, kind in schema.items() if not is_optional(kind)}
        return needed <= value.keys() <= schema.keys() and all(fits(schema[name], value[name]) for name in value)
    pattern = re.fullmatch(r"match\((.*)\)\??", schema)
    return bool(re.match(pattern[1], str(value))) if pattern else isinstance(value, str)


def test_all_options_are_documented(manifest: dict[str, Any]) -> None:
    documented = re.findall(r"^### `(\w+)`$", (ADDON / "DOCS.md").read_text(), re.MULTILINE)
    assert documented == list(manifest["schema"])


def test_there_is_english() -> None:
    assert "en" in {path.stem for path in LANGUAGES}


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_each_language_has_words_for_everything(manifest: dict[str, Any], path: Path) -> None:
    words = yaml.safe_load(path.read_text())
    assert words.keys() == {"configuration", "network"}
    assert words["network"].keys() == manifest["ports"].keys()
    assert list(words["configuration"]) == list(manifest["schema"])
    for name, entry in words["configuration"].items():
        assert entry.keys() <= {"name", "description", "fields"} and entry["name"] and entry["description"], name
    fields = words["configuration"]["remotes"]["fields"]
    assert list(fields) == list(manifest["schema"]["remotes"][0])
    assert all(field["name"] for field in fields.values())


@pytest.mark.parametrize(("name", "width", "height"), [("icon.png", 128, 128), ("logo.png", 250, 100)])
def test_the_pictures_have_the_size_that_the_store_shows(name: str, width: int, height: int) -> None:
    data = (ADDON / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (width, height)
    assert len(data) < 50_000


def test_the_change_log_begins_with_this_version() -> None:
    newest, *_ = re.findall(r"^## (.*)$", (ADDON / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest == __version__


def test_what_a_backup_leaves_out_is_what_can_be_downloaded_again(manifest: dict[str, Any]) -> None:
    data = Path("/mnt/data/supervisor/addons/data/abc_openspeakers") / Places().data.relative_to("/data")
    left_out = {name for name in ("models", "cache", "environments", "uploads", "voices", "history", "history.db")
                for pattern in manifest["backup_exclude"] if (data / name).match(pattern)}  # fmt: skip
    assert left_out == {"models", "cache", "environments", "uploads"}
    assert manifest["backup"] == "cold" and not {"backup_pre", "backup_post"} & manifest.keys()


def test_the_repository_can_be_added() -> None:
    repository = yaml.safe_load((ROOT / "repository.yaml").read_text())
    assert repository["name"] and repository.keys() <= {"name", "url", "maintainer"}


@pytest.mark.slow
def test_the_supervisor_finds_one_addon_in_the_repository() -> None:
    found = []
    for path in ROOT.glob("**/config.*"):
        parts = path.relative_to(ROOT).parts
        if path.suffix in (".yaml", ".yml", ".json") and not any(part[0] == "." or part == "rootfs" for part in parts):
            tree = yaml.safe_load(path.read_text())
            found += [path] if isinstance(tree, dict) and tree.get("name") else []
    assert found == [ADDON / "config.yaml"]


def test_nothing_of_the_builder_that_is_gone_is_left() -> None:
    assert not list(ADDON.glob("build.*"))


def services() -> list[Path]:
    return [path for path in SERVICES.iterdir() if path.name != "user"]


def test_every_service_is_started() -> None:
    assert {path.name for path in (SERVICES / "user/contents.d").iterdir()} == {path.name for path in services()}


@pytest.mark.parametrize("service", services(), ids=lambda path: path.name)
def test_a_service_is_as_s6_wants_it(service: Path) -> None:
    kind = (service / "type").read_text().strip()
    assert kind in ("longrun", "oneshot")
    known = {path.name for path in services()} | {"base"}
    wanted = {path.name for path in (service / "dependencies.d").iterdir()}
    assert wanted and wanted <= known - {service.name}
    if kind == "oneshot":
        # One line of execline: the script that does it.
        script = (service / "up").read_text().strip()
        assert script == f"/etc/s6-overlay/s6-rc.d/{service.name}/run"
    for name in ("run", "finish"):
        if (service / name).exists():
            assert (service / name).stat().st_mode & stat.S_IXUSR
            assert (service / name).read_text().startswith("#!/")


@pytest.mark.parametrize(
    ("status", "signal", "before", "after"),
    [("0", "0", "0", "0"), ("2", "0", "0", "2"), ("256", "9", "0", "137"), ("2", "0", "5", "5")],
)
def test_the_container_ends_as_its_service_did(
    tmp_path: Path, status: str, signal: str, before: str, after: str
) -> None:
    result, halted = tmp_path / "exitcode", tmp_path / "halted"
    result.write_text(f"{before}\n")
    script = (SERVICES / "openspeakers/finish").read_text()
    script = script.replace("/run/s6-linux-init-container-results/exitcode", str(result))
    script = script.replace("/run/s6/basedir/bin/halt", f"touch {halted}")
    subprocess.run(["/bin/sh", "-c", script, "finish", status, signal], check=True)
    assert result.read_text().strip() == after and halted.exists()


@pytest.mark.skipif(shutil.which("apparmor_parser") is None, reason="apparmor_parser is not there")
def test_apparmor_understands_the_profile() -> None:
    parser = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--skip-read-cache", "--names"]
    done = subprocess.run([*parser, ADDON / "apparmor.txt"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["openspeakers", "openspeakers//service"]), done.stderr


def test_the_profile_is_one_that_the_supervisor_takes() -> None:
    profile = (ADDON / "apparmor.txt").read_text()
    # The Supervisor takes a file with one profile at the margin, and gives it the add-on's name.
    assert re.findall(r"^profile (\S+)", profile, re.MULTILINE) == ["openspeakers"]
    assert profile.count("{") == profile.count("}") and "complain" not in profile
    # The name of Python's file in the image's Debian: with another one the service would be outside of its profile.
    assert ":trixie" in (ADDON / "Dockerfile").read_text() and "/usr/bin/python3.13 cx -> service," in profile
    assert os.fspath(Places().data) in profile and "/data/options.json r," in profile
