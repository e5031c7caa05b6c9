"""The add-on's options become the service's own settings."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wyoming_openspeakers.cli.addon.options import AddonOptions
from wyoming_openspeakers.cli.addon.plan import INGRESS, Places, Plan, has_own, own_settings, plan
from wyoming_openspeakers.cli.addon.privileges import write_private
from wyoming_openspeakers.cli.addon.supervisor import Broker
from wyoming_openspeakers.cli.main import parser
from wyoming_openspeakers.config import Config, load_config
from wyoming_openspeakers.errors import ConfigError
from wyoming_openspeakers.models.registry import RegistryFile, load_registry_file

BROKER = Broker("core-mosquitto", 1883, "addons", "pass:word")


def effective(made: Plan) -> tuple[Config, RegistryFile]:
    """What `serve` makes of a plan."""
    for path, text in made.files.items():
        write_private(path, text)
    options = parser().parse_args(["serve", *made.arguments])
    flags = {"data_dir": options.data_dir, "wyoming.uris": options.uri, "http.address": options.http,
             "wyoming.zeroconf": options.zeroconf}  # fmt: skip
    return load_config(options.config, made.environment, flags), load_registry_file(options.models)


def options(**given: object) -> AddonOptions:
    return AddonOptions.model_validate(given)


def test_untouched_options_come_to_a_service_that_only_home_assistant_reaches(places: Places) -> None:
    config, models = effective(plan(AddonOptions(), None, places))
    assert config.data_path == places.data
    assert config.wyoming.uris == ("tcp://0.0.0.0:10200",) and not config.wyoming.zeroconf
    assert config.http.address == "0.0.0.0:8080" and config.http.trusted_proxies == (INGRESS,)
    assert len(Path(config.http.api_key_file).read_text()) >= 32
    assert config.mqtt.host == "" and config.voice == Config().voice
    assert models == load_registry_file(None)


def test_a_key_that_nobody_chose_is_another_one_each_time(places: Places) -> None:
    made = [plan(AddonOptions(), None, places).files[places.key] for _ in range(2)]
    assert made[0] != made[1]


def test_what_is_set_reaches_the_service(places: Places) -> None:
    given = {
        "voice": " kokoro/af_heart ",
        "speed": 0.9,
        "languages": ["en", "de"],
        "api_key": "kitchen",
        "hub_token": "hf",
        "log_level": "debug",
    }
    config, _ = effective(plan(AddonOptions.model_validate(given), BROKER, places))
    assert (config.voice.default, config.voice.speed, config.voice.languages) == ("kokoro/af_heart", 0.9, ("en", "de"))
    assert Path(config.http.api_key_file).read_text() == "kitchen"
    assert config.hub.token.get_secret_value() == "hf" and config.log_level == "debug"
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.username) == ("core-mosquitto", 1883, "addons")
    assert Path(config.mqtt.password_file).read_text() == "pass:word" and not config.mqtt.tls


def test_secrets_stand_in_files_alone_that_only_their_owner_reads(places: Places) -> None:
    given = options(api_key="sesame-1", remotes=[{"name": "gpu", "url": "http://a/v1", "api_key": "sesame-2"}])
    made = plan(given, BROKER, places)
    effective(made)
    seen = " ".join([*made.arguments, *made.environment.values(), made.files[places.private / "models.yaml"]])
    assert "sesame" not in seen and "pass:word" not in seen
    assert {path.stat().st_mode & 0o777 for path in made.files} == {0o600}
    assert places.private.stat().st_mode & 0o777 == 0o700


def test_remotes_become_models(places: Places) -> None:
    given = options(
        remotes=[
            {"name": "den", "url": "tcp://192.168.1.20:10200", "languages": ["de"]},
            {"name": "cloud", "url": "https://api.example/v1", "api_key": "s", "model": "m", "voices": ["coral"]},
        ]
    )
    _, file = effective(plan(given, None, places))
    den, cloud = file.models["den"], file.models["cloud"]
    assert (den.engine, den.parameters, den.languages) == (
        "wyoming_remote", {"url": "tcp://192.168.1.20:10200"}, ("de",),
    )  # fmt: skip
    assert cloud.engine == "openai_remote" and cloud.description == "Spoken by api.example"
    key = Path(cloud.parameters.pop("api_key_file"))
    assert key.read_text() == "s"
    assert cloud.parameters == {"url": "https://api.example/v1", "model": "m", "voices": ["coral"]}
    assert file.models["hibari"] == load_registry_file(None).models["hibari"]


@pytest.mark.parametrize("taken", ["kokoro", "mine"])
def test_a_remote_cannot_take_the_name_of_a_model(places: Places, taken: str) -> None:
    (places.own / "models.yaml").write_text("models: {mine: {engine: hibari}}")
    with pytest.raises(ConfigError, match=f"there is a model {taken} already"):
        plan(options(remotes=[{"name": taken, "url": "tcp://a:1"}]), None, places)


def test_the_users_own_files_count_where_the_options_say_nothing(places: Places) -> None:
    own = {
        "voice": {"default": "hibari/heart", "speed": 0.8, "presets": {"Bedtime": {"voice": "hibari/heart"}}},
        "http": {"address": "0.0.0.0:1", "trusted_proxies": ["0.0.0.0/0"]},
        "wyoming": {"zeroconf": True, "program": "mine"},
    }
    (places.own / "config.yaml").write_text(yaml.safe_dump(own))
    (places.own / "models.yaml").write_text("models: {mine: {engine: hibari}}\naliases: {me: mine/heart}")
    (places.own / "models").mkdir()
    config, file = effective(plan(options(speed=1.2), None, places))
    assert (config.voice.default, config.voice.speed) == ("hibari/heart", 1.2)
    assert set(config.voice.presets) == {"Bedtime"} and config.wyoming.program == "mine"
    assert config.models.paths == (str(places.own / "models"),)
    assert file.models["mine"].engine == "hibari" and file.aliases["me"] == ("mine/heart",)
    # What the add-on itself stands on is not for the file to change.
    assert config.http.address == "0.0.0.0:8080" and config.http.trusted_proxies == (INGRESS,)
    assert not config.wyoming.zeroconf


def test_the_users_models_and_the_remotes_are_there_together(places: Places) -> None:
    (places.own / "models.yaml").write_text("models: {mine: {engine: hibari}, hibari: {enabled: false}}")
    _, file = effective(plan(options(remotes=[{"name": "gpu", "url": "tcp://a:1"}]), None, places))
    assert {"mine", "gpu"} <= file.models.keys() and not file.models["hibari"].enabled


def test_folders_that_the_user_names_stay(places: Places) -> None:
    (places.own / "config.yaml").write_text("models: {paths: [/config/elsewhere]}")
    (places.own / "models").mkdir()
    config, _ = effective(plan(AddonOptions(), None, places))
    assert config.models.paths == ("/config/elsewhere",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mqtt: {host: broker}", True), ("mqtt: {topic: x}", False), ("mqtt:", False), ("mqtt: [a]", False), ("", False)],
)
def test_whether_the_user_names_a_broker(places: Places, text: str, expected: bool) -> None:
    (places.own / "config.yaml").write_text(text)
    assert has_own(own_settings(places), "mqtt", "host") is expected


def test_a_broken_file_of_the_user_is_named(places: Places) -> None:
    (places.own / "config.yaml").write_text("voice: [")
    with pytest.raises(ConfigError, match=r"config\.yaml: line \d"):
        plan(AddonOptions(), None, places)
