"""SSML into items."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.text.ssml import SsmlItem, parse


@pytest.mark.parametrize(
    ("ssml", "items"),
    [
        ("<speak>Hello  <b>there</b>.</speak>", [SsmlItem("Hello there.")]),
        ("No element at all", [SsmlItem("No element at all")]),
        ('<?xml version="1.0"?><speak xml:lang="de">Hallo</speak>', [SsmlItem("Hallo", language="de")]),
        ('One<break time="500ms"/>two', [SsmlItem("One", 0.5), SsmlItem("two")]),
        ('<break time="2s"/>Hi<break strength="none"/>', [SsmlItem("", 2.0), SsmlItem("Hi")]),
        ('Hi<break/><break time="1s"/>', [SsmlItem("Hi", 1.4)]),
        ('Hi<break time="99999s"/>', [SsmlItem("Hi", 10.0)]),
        ("<p><s>One</s><s>Two</s></p>End", [SsmlItem("One"), SsmlItem("Two", 0.3), SsmlItem("End")]),
        (
            'Say <lang xml:lang="fr">oui</lang> now',
            [SsmlItem("Say"), SsmlItem("oui", language="fr"), SsmlItem("now")],
        ),
        (
            'A <prosody rate="80%">b <prosody rate="+50%">c</prosody></prosody> <prosody rate="fast">d</prosody>',
            [SsmlItem("A"), SsmlItem("b", rate=0.8), SsmlItem("c", rate=1.2000000000000002), SsmlItem("d", rate=1.25)],
        ),
        ('<prosody rate="-95%">slow</prosody>', [SsmlItem("slow", rate=0.25)]),
        ('<prosody rate="nonsense" pitch="high">same</prosody>', [SsmlItem("same")]),
        ('Press <say-as interpret-as="characters">A1 b</say-as>!', [SsmlItem("Press A, 1, b!")]),
        ('On <say-as interpret-as="date">2024-05-01</say-as>', [SsmlItem("On 2024-05-01")]),
        ('<sub alias="Home Assistant">HA</sub> is up', [SsmlItem("Home Assistant is up")]),
        ("<metadata>x</metadata>Fish &amp; chips &nbsp;&eacute; & more", [SsmlItem("Fish & chips é & more")]),
        ("", []),
        ("<speak/>", []),
    ],
)
def test_parse(ssml: str, items: list[SsmlItem]) -> None:
    assert parse(ssml) == items


@pytest.mark.parametrize(
    "broken", ["<speak>Hello <b>there</speak>", "Hello <b there", "<speak>Hello</p> there", "Hello </speak> there"]
)
def test_broken_ssml_is_read_for_its_text(broken: str) -> None:
    [item] = parse(broken)
    assert item.text.startswith("Hello")
    assert "there" in item.text
    assert "speak" not in item.text


def test_entities_cannot_be_defined() -> None:
    bomb = '<!DOCTYPE speak [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><speak>&b;&b; Hi</speak>'
    assert len("".join(item.text for item in parse(bomb))) < len(bomb)
    outside = '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/hostname">]><speak>&x; Hi</speak>'
    assert "&x;" in "".join(item.text for item in parse(outside))


def test_deep_nesting_is_no_trouble() -> None:
    assert parse("<b>" * 20_000 + "deep" + "</b>" * 20_000) == [SsmlItem("deep")]
    assert parse("<b>" * 20_000 + "deep") == [SsmlItem("deep")]


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet='<>/&;="abps #x1\n\x00\ud800-!?[]é', max_size=60))
def test_never_fails(text: str) -> None:
    for item in parse(text):
        assert item.text == item.text.strip()
