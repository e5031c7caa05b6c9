"""Markdown, HTML and web addresses into plain text."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.markup import MarkupStream, plain


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("**bold** *italic* ***both*** __bold__ _it_ ~~gone~~", "bold italic both bold it gone"),
        ("**Note:** it's *on*.", "Note: it's on."),
        ("un**frigging**believable", "unfriggingbelievable"),
        ("**one. two** three", "one. two three"),
        ("run `ls -l *.py` now", "run ls -l *.py now"),
        ("use ``a ` b`` here", "use a ` b here"),
        (r"\*not\* \# a \_mark\_ C:\dir", r"*not* # a _mark_ C:\dir"),
        ("see [the **docs**](https://x.org/a_(b)) now", "see the docs now"),
        ("[a [b] c](http://x 'title')", "a [b] c"),
        ("[text][ref] and [ref] and [1]", "text and [ref] and [1]"),
        ("![a cat](cat.png) [![badge](b.svg)](http://c)", "a cat badge"),
        ("so[^1] it is", "so it is"),
        ("<https://www.example.com/a> <me@x.org> <mailto:me@x.org>", "example.com me@x.org me@x.org"),
        ("go to https://www.example.com:8080/a?b=c#d, now", "go to example.com, now"),
        ("(see http://user:secret@host.org/x_(y)).", "(see host.org)."),
        ("WWW.Example.com. Next", "Example.com. Next"),
        ("mail bob_x@www.example.com or wwwx.", "mail bob_x@www.example.com or wwwx."),
        ("a <b>b</b> <i class='x'>c</i> <img src=x>d", "a b c d"),
        ("one<br>two<br/>three<p>four</p>", "one\ntwo\nthree\nfour"),
        ("<ul><li>one</li><li>two!</li></ul>", "one.\ntwo!"),
        ("<tr><td>a</td><td>b</td></tr>", "a, b"),
        ("a<!-- no\n\nno -->b <script>x < 1;\n</SCRIPT>c", "ab c"),
        ("Fish &amp; chips &lt;b&gt; &#233;&nbsp;&unknown; &", "Fish & chips <b> é\u00a0&unknown; &"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen\ttab\x00", "zerowidth softhyphen tab"),
    ],
)
def test_inline(marked: str, said: str) -> None:
    assert plain(marked) == said


@pytest.mark.parametrize(
    "text",
    [
        "5 * 3 * 2", "2*4*5", "2**8", "snake_case_name", "a < b and c > d", "x<3", "#1 is best", "2 * 4",
        "-5 °C", "~5 min",
        "a & b", "AT&T", "[x", "a [b c", "wow! [sic]", "it's *", "f(x)", "R2-D2", "a | b", "1.5 l",
        "20% off", "__", "I <3 you",
        "https", "www.", "http://", "e.g. this", "12345. x", "C:\\x",
    ],
)  # fmt: skip
def test_what_is_no_markup_stays(text: str) -> None:
    assert plain(f"so {text}").removeprefix("so").strip() == text


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("# Title\nText", "Title.\nText"),
        ("### What **now**?\nText", "What now?\nText"),
        ("#1 is best", "#1 is best"),
        ("- one\n* two\n+ three;\n• four", "one.\ntwo.\nthree;\nfour."),
        ("-5 degrees", "-5 degrees"),
        ("1. Heat\n2) Stir\n10. Eat.", "1. Heat.\n2. Stir.\n10. Eat."),
        ("1.5 litres", "1.5 litres"),
        ("2024 was fine", "2024 was fine"),
        ("- [ ] milk\n- [x] eggs", "milk.\neggs."),
        ("- one\n  - nested\n    1. deep", "one.\nnested.\n1. deep."),
        ("> quoted\n> > twice", "quoted\ntwice"),
        ("one\n\n---\n***\n_ _ _\n===\ntwo", "one\ntwo"),
        ("```py\nprint('x')\n```\nafter", "after"),
        ("~~~\n```\n~~~\nafter", "after"),
        ("````\n```\ncode\n````\nafter", "after"),
        ("```never closed\nx", ""),
        ("```inline``` text", "inline text"),
        ("[^1]: A note", "A note."),
        ("| A | B |\n|---|:-:|\n| 1 | **2** |\n| x! | |", "A , B .\n1 , 2 .\nx! "),
        ("a\r\nb\u2028c", "a \nb\nc"),
    ],
)
def test_blocks(marked: str, said: str) -> None:
    assert plain(marked) == said


def test_text_leaves_as_soon_as_its_meaning_is_certain() -> None:
    stream = MarkupStream()
    assert stream.feed("The **light") == "The "
    assert stream.pending
    assert stream.feed("** is ") == "light is "
    assert not stream.pending
    assert stream.feed("[on](http://") == ""
    assert stream.feed("x.y) 好") == "on 好"
    assert stream.feed("\n```\nprint(") == "\n"
    assert not stream.pending
    assert stream.feed(")\n```\nDone") == ""
    assert stream.finish() == "Done\n"
