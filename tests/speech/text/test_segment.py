"""Sentences out of plain text."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.segment import Segmenter


def _cut(text: str, most: int = 300, first_limit: int | None = None) -> list[str]:
    segmenter = Segmenter(most, first_limit)
    return segmenter.feed(text) + segmenter.finish()


@pytest.mark.parametrize(
    "sentences",
    [
        ["The light is on.", "It is 3.5 degrees.", "Really?!", "Yes!", "Well…", "Good."],
        ["Dr. Smith and Mrs. Jones met Prof. Xu.", "They talked."],
        ["Ask J. R. Smith of the U.S. Army, e.g. today."],
        ["No. 5 is alive.", "No.", "I will not."],
        ["See p. 12, fig. 3 and vol. 2.", "Then stop."],
        ["It opens at 5 p.m. on Monday.", "At 6 p.m. it closes.", "We have milk, eggs etc.", "Nothing else."],
        ["Am 3. Mai ist frei.", "Montag, 3. März auch.", "Das ist der 2. Stock.", "Es sind 20.", "Dann kam sie."],
        ["Am 24.12. ist Weihnachten.", "Es sind 20.5.", "Gut."],
        ["It closes at 6 p.m.", "Tomorrow it opens at 9 a.m. or so."],
        ["Das ist z. B. gut, d. h. fast.", "Ca. 5 min. reichen bzw. auch Nr. 7."],
        ["Den 3. maj er fri.", "W dniu 3. maja też."],
        ["C'est, p. ex. ici.", "M. Dupont est là.", "« Oui. »"],
        ["Ouvert du lun. au ven. à 9 h.", "Fermé dim. 23/11.", "Merci."],
        ["Die Heizung läuft Mo. bis Fr. ab 6 Uhr.", "Es kostet 5 Mrd. Euro.", "Das war so.", "Gut."],
        ["Sie wohnt in der Langen Str. 5 in Köln.", "Ja."],
        ["Noch 1 Min. 30 Sek. bis Do., 26. Nov. 2026.", "Gut."],
        ["Cocción aprox. 20 min a 200 grados.", "Ya."],
        ["It is approx. 5 km to Apt. 3B.", "Go."],
        ["El Sr. García y la Sra. López.", "¿Qué?", "¡Hola!"],
        ["Il sig. Rossi arriva.", "Va bene."],
        ["Version 1.2.3 of README.md at 10.30 on example.com.", "Mail me@x.org."],
        ["Wait... what?", "Well...", "Maybe."],
        ['"Stop!" he said.', '"Go."', "(Really.)", 'He asked "why?"', "Then left."],
        ["你好。", "今天好！", "是吗？！", "「はい。」", "そう。"],
        ["नमस्ते।", "आप कैसे हैं?", "ठीक॥"],
        ["هل أنت بخير؟", "نعم۔"],
        ["1. Heat the oven.", "2. Eat."],
        ["She has 12.", "5 are red."],
        ["It was 2024.", "Then came 2025."],
    ],
)
def test_sentences(sentences: list[str]) -> None:
    text = "".join(sentence if sentence[-1] > "\u3000" else sentence + " " for sentence in sentences)
    assert _cut(text) == sentences


def test_lines_are_sentences() -> None:
    assert _cut("one\ntwo\n\n\nthree") == ["one", "two", "three"]


def test_a_missing_blank() -> None:
    assert _cut("Hi!How are you?Fine.") == ["Hi!", "How are you?", "Fine."]


def test_nothing_to_say_is_no_segment() -> None:
    assert _cut(" — ... !\n) ") == []


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("the light is on, the door is shut, the fan", ["the light is on, the door is shut,", "the fan"]),
        ("this one costs 11,250 euros more than 13,500", ["this one costs 11,250 euros more than", "13,500"]),
        ("the kitchen light has gone on and the door", ["the kitchen light has gone on", "and the door"]),
        ("the lights of the kitchen downstairs went dim", ["the lights of the kitchen downstairs", "went dim"]),
        ("x" * 100, ["x" * 40, "x" * 40, "x" * 20]),
        ("好" * 30 + "，" + "好" * 30, ["好" * 30 + "，", "好" * 30]),
    ],
)
def test_long_sentences_break_where_it_hurts_least(text: str, segments: list[str]) -> None:
    assert _cut(text, 40) == segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("The kitchen light is off, and the door is shut. Bye, all of you.",
         ["The kitchen light is off,", "and the door is shut.", "Bye, all of you."]),
        ("Yes, the light is on.", ["Yes, the light is on."]),
        ("The light is on, sir. Good.", ["The light is on, sir.", "Good."]),
        ("It costs about 1,250 euros in all of the shops.", ["It costs about 1,250 euros in all of the shops."]),
        ("I turned it off – as you asked me to do.", ["I turned it off –", "as you asked me to do."]),
        ("Nothing in the whole wide house was left open, as far as I know.",
         ["Nothing in the whole wide house was left open, as far as I know."]),
        ("今天的天气非常好，我们去公园吧。", ["今天的天气非常好，", "我们去公园吧。"]),
    ],
)  # fmt: skip
def test_the_first_segment_is_cut_early(text: str, segments: list[str]) -> None:
    assert _cut(text, first_limit=40) == segments


def test_flush_waits_for_the_other_half_of_a_number() -> None:
    segmenter = Segmenter(300)
    assert segmenter.feed("The pool has now reached 20 ") == []
    assert segmenter.flush() == ["The pool has now reached"]
    assert segmenter.flush() == []
    assert segmenter.feed("degrees. ") == ["20 degrees."]
    assert not segmenter.pending
