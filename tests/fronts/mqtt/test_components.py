"""The entities: by Home Assistant's rules, whatever there is to show."""

from __future__ import annotations

import json
from typing import Any

from fronts.mqtt.home_assistant_schema import check
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.config.tree import MqttConfig
from wyoming_openspeakers.fronts.mqtt.choices import Choices
from wyoming_openspeakers.fronts.mqtt.device import Device, device_config, is_reachable
from wyoming_openspeakers.fronts.mqtt.shown import Downloadable, Shown, ShownGpu, safe
from wyoming_openspeakers.fronts.mqtt.topics import Topics

TOPICS = Topics("openspeakers")
DEVICE = Device.of(MqttConfig(host="broker"), "a1b2c3")
KOKORO = Downloadable("kokoro", "Kokoro 82M", "https://example.org/kokoro", True, "revision 1")
ALL = Shown(
    voices=Choices({"Kokoro: Heart": "kokoro/heart"}, "Kokoro: Heart"),
    models=Choices({"Kokoro": "kokoro/heart"}, "Kokoro"),
    gpus=(ShownGpu(0, True, True, True),),
    downloadable=(KOKORO,),
)


def components(shown: Shown = ALL, **more: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = device_config(DEVICE, shown, TOPICS, **more)["components"]
    return found


def test_everything_follows_the_rules() -> None:
    message = device_config(DEVICE, ALL, TOPICS, url="http://voice.home:8080", gone={"gpu_1_use": "sensor"})
    assert check(DEVICE.topic, json.dumps(message)) == []


_NAMES = st.text(min_size=1, max_size=30)


@given(
    labels=st.lists(st.text("abc: é世", min_size=1, max_size=30).filter(str.strip), min_size=1, unique=True),
    gpus=st.lists(st.builds(ShownGpu, st.integers(0, 9), st.booleans(), st.booleans(), st.booleans()), max_size=3),
    models=st.lists(_NAMES, max_size=4, unique=True),
    device=st.text(max_size=20),
    installation=_NAMES,
)
@settings(deadline=None, max_examples=60)
def test_any_picture_follows_the_rules(
    labels: list[str], gpus: list[ShownGpu], models: list[str], device: str, installation: str
) -> None:
    choices = Choices({label: label for label in labels}, labels[0])
    by_index = {gpu.index: gpu for gpu in gpus}
    downloadable = tuple(Downloadable(model, f"{model} {at}", "", True, "1") for at, model in enumerate(models))
    shown = Shown(choices, choices, tuple(by_index.values()), downloadable)
    this = Device.of(MqttConfig(host="broker"), installation, device)
    errors = check(this.topic, json.dumps(device_config(this, shown, TOPICS)))
    # Two models may have names that are the same in plain letters; Home Assistant numbers such ids.
    assert [error for error in errors if error != "default_entity_id is not unique"] == []


def test_who_speaks_goes_by_the_name_of_the_device() -> None:
    say = components()["say"]
    assert say["name"] is None
    assert say["default_entity_id"] == "notify.openspeakers"
    assert say["command_topic"] == "openspeakers/command/say"


def test_only_readings_that_a_driver_tells_are_shown() -> None:
    found = components(Shown(gpus=(ShownGpu(3, temperature=True),)))
    assert {key for key in found if key.startswith("gpu")} == {"gpu_3_memory", "gpu_3_temperature"}
    assert found["gpu_3_memory"]["name"] == "GPU memory used"


def test_several_gpus_have_their_numbers() -> None:
    found = components(Shown(gpus=(ShownGpu(0), ShownGpu(1))))
    assert [found[f"gpu_{index}_memory"]["name"] for index in (0, 1)] == ["GPU 0 memory used", "GPU 1 memory used"]


def test_a_select_without_options_is_none() -> None:
    assert not {"default_voice", "default_model"} & components(Shown()).keys()


def test_what_has_gone_is_its_platform_alone_until_it_is_back() -> None:
    gone = {"gpu_0_use": "sensor", "gpu_7_use": "sensor", "update_old": "update"}
    found = components(gone=gone)
    assert found["gpu_7_use"] == {"platform": "sensor"}
    assert found["update_old"] == {"platform": "update"}
    assert found["gpu_0_use"]["unique_id"]


def test_a_model_that_nobody_has_fetched_does_not_wait_among_the_updates() -> None:
    missing = Downloadable("tts", "TTS", "", False, "revision 1")
    found = components(Shown(downloadable=(KOKORO, missing)))
    assert found["update_tts"]["enabled_by_default"] is False
    assert "enabled_by_default" not in found["update_kokoro"]
    assert found["update_kokoro"]["payload_install"] == "kokoro"


def test_ids_of_two_installations_have_nothing_in_common() -> None:
    other = Device.of(MqttConfig(host="broker", topic="kitchen/voice"), "d4e5f6")
    messages = [device_config(device, ALL, Topics(base)) for device, base in ((DEVICE, "a"), (other, "b"))]
    ids = [{each["unique_id"] for each in message["components"].values()} for message in messages]
    assert DEVICE.topic != other.topic
    assert not ids[0] & ids[1]
    assert (DEVICE.name, other.name) == ("OpenSpeakers", "OpenSpeakers kitchen/voice")
    assert other.slug == "openspeakers_kitchen_voice"


def test_names_stay_their_own_in_letters_that_are_allowed() -> None:
    names = ["a/b", "a_b", "a b", "a-b", "a_2f_b", "ä", "a"]
    assert len({safe(name) for name in names}) == len(names)


def test_links_that_lead_nowhere_are_left_out() -> None:
    assert is_reachable("http://voice.home:8080")
    assert is_reachable("https://192.168.1.5")
    assert is_reachable("http://[2001:db8::1]:8080")
    for url in (
        "",
        "http://127.0.0.1:8080",
        "http://0.0.0.0:80",
        "http://[::1]:80",
        "http://localhost",
        "ftp://a",
        "http://[",
    ):
        assert not is_reachable(url), url
    assert "configuration_url" not in device_config(DEVICE, ALL, TOPICS, url="http://127.0.0.1:8080")["device"]
