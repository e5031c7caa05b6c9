"""Texts are marked with who speaks, joined and read as Dia's library reads them."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

from wyoming_openspeakers.engines.codec_lm.dia_script import has_words, joined, last_speaker, marked, read


@pytest.mark.slow
def test_texts_are_read_as_the_library_reads_them() -> None:
    from transformers import DiaTokenizer

    tokenizer = DiaTokenizer()
    for text in ("[S1] Good. [S2] Ah.", "[S1] Ünïcode (laughs), 20 €! [S2]No space.", "[S3] [S 1] [S1][S2]"):
        assert read(text) == tokenizer(text, add_special_tokens=False).input_ids


@pytest.mark.parametrize(
    ("text", "speaker", "said"),
    [
        ("Hello.", "[S1]", "[S1] Hello."),
        ("Hello.", "[S2]", "[S2] Hello."),
        ("[S2] Hello. [S1] Hi.", "[S1]", "[S2] Hello. [S1] Hi."),
        ("[s1] Hello. [s2] ", "[S1]", "[S1] Hello."),
        ("(laughs) Hello.", "[S1]", "[S1] (laughs) Hello."),
        ("[S1] [S2]", "[S1]", "[S1] "),
    ],
)
def test_somebody_says_it(text: str, speaker: str, said: str) -> None:
    assert marked(text, speaker) == said


def test_a_speaker_who_goes_on_is_not_named_again() -> None:
    assert joined("[S1] One.", "[S1] Two.") == "[S1] One. Two."
    assert joined("[S1] One.", "[S2] Two.") == "[S1] One. [S2] Two."
    assert joined("[S1] One. [S2] Two.", "[S1] Three.") == "[S1] One. [S2] Two. [S1] Three."
    assert last_speaker("no tag", "[S2]") == "[S2]"
    assert not has_words("[S1] ... [S2]") and has_words("[S1] a")
