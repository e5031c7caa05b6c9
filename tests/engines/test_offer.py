from __future__ import annotations

import pytest

from wyoming_openspeakers.engines.base import ModelSpec, Voice
from wyoming_openspeakers.engines.offer import offered

VOICES = [Voice("a", ("en-US",)), Voice("b", ("en-GB",)), Voice("c", ("de",)), Voice("d", ("ast", "es"))]


@pytest.mark.parametrize(
    ("languages", "names"),
    [((), "abcd"), (("en",), "ab"), (("EN-gb",), "b"), (("de-DE",), ""), (("as",), ""), (("es", "de"), "cd")],
)
def test_offers_the_wanted_languages(languages: tuple[str, ...], names: str) -> None:
    assert "".join(voice.name for voice in offered(VOICES, ModelSpec("m", "e", languages=languages))) == names
