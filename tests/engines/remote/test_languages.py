"""Tags and names of languages, in the ways that servers write them."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.engines.remote.languages import name_of, tag_of


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en_US", "en-US"), ("EN-gb", "en-GB"), ("English", "en"), ("zh-hans-cn", "zh-Hans-CN"), ("de", "de"),
        ("norwegian", "nb"), ("es-419", "es-419"), ("auto", None), ("", None), (None, None), ("x y", None),
        ("日本", None),
    ],
)  # fmt: skip
def test_tags(text: object, tag: str | None) -> None:
    assert tag_of(text) == tag


def test_names() -> None:
    assert (name_of("de-AT"), name_of("zh_CN"), name_of("xx")) == ("German", "Chinese", None)
