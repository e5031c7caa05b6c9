"""Markdown, HTML and web addresses in a stream become plain text that reads well aloud.

Not a Markdown parser that waits for whole blocks: a transducer that passes text on as soon as its meaning is certain
and holds back only what is unfinished, such as half a link. Every decision depends on the text alone, never on how it
was cut into chunks, and nothing is looked at more often than a fixed number of times.
"""

from __future__ import annotations

import re

from .emoji import strip_emoji
from .line import Head, Kind, read_head
from .link import Inline, read_entity, read_link, read_tag, read_url
from .marks import read_code, read_emphasis, read_escape
from .tags import FIRST, MOST, NONE, Tags

_SLICE = 1024
_WORD_CAP = 512
_FENCE_LINE_CAP = 200

_CONTROL: dict[int, str | None] = {
    **dict.fromkeys([*range(0x20), 0x7F, *range(0x80, 0xA0)]),
    **dict.fromkeys(range(0xD800, 0xE000)),
    **dict.fromkeys(range(FIRST, FIRST + MOST)),
    **dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xFFFC, 0xFFFD]),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)]),
    **dict.fromkeys([0x09, 0x0D, 0x1680, *range(0x2000, 0x200B), 0x205F, 0x3000], " "),
    **dict.fromkeys([0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n"),
}

_URL_START = r"(?<![\w.@/])(?:https?://|www\.)(?=[\w\[])"
_MARKUP_START = r"[`\[<&\\*_~|]|!\["
_UNSPACED = re.compile(r".*[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60。、！？]", re.DOTALL)
_FINISHED_WORD = re.compile(r"[\"'“‘«(]*[^\W\d_]{2,}(?:['’-][^\W\d_]+)*(?:[.!?…]+|[,;:])[\"'”’»)]*")
_BLANKS = re.compile(" {2,}")
_FINAL = ".!?…:;,。！？：；，、।॥؟۔"
_BREAKS = {"br", "p", "div", "tr", "table", "hr", "ul", "ol", "blockquote", "section", "article", "header", "footer"}
_ITEMS = {"li", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "caption", "summary"}
_READERS = {
    "[": read_link,
    "!": read_link,
    "<": read_tag,
    "&": read_entity,
    "`": read_code,
    "\\": read_escape,
    **dict.fromkeys("*_~", read_emphasis),
}
_SILENT = {"!--": "-->", "script": "</script>", "style": "</style>"}


class MarkupStream:
    """Turns chunks of marked-up text into chunks of plain text, in which a newline is the end of a sentence."""

    def __init__(
        self, *, markup: bool = True, urls: bool = True, emoji: bool = True, code_word: str = "", tags: Tags = NONE
    ) -> None:
        self._markup = markup
        self._emoji = emoji
        self._code_word = code_word
        self._tags = tags
        starts = [r"\n", *([_MARKUP_START] if markup else []), *([_URL_START] if urls else [])]
        if tags:
            starts.append(f"[{re.escape(tags.starts)}]")
        self._special = re.compile("|".join(starts), re.IGNORECASE)
        self._urls = urls
        self._held = "\n"
        """One character of context, then what could not be decided yet."""
        self._at_head = markup
        self._kind = Kind.TEXT
        self._silent_until = ""
        self._fence: re.Pattern[str] | None = None
        self._inside_fence_line = False
        self._comma_due = False
        self._last = "\n"
        self._last_ink = ""
        self._out: list[str] = []

    @property
    def pending(self) -> bool:
        """Whether something is held back that may have to be spoken."""
        return not (self._fence or self._silent_until) and bool(self._held[1:].strip())

    def feed(self, text: str) -> str:
        """Take a chunk; return the plain text that became certain."""
        for begin in range(0, len(text), _SLICE):
            self._held += text[begin : begin + _SLICE].translate(_CONTROL)
            self._run(final=False)
        return self._take()

    def flush(self) -> str:
        """Return also a held word that ends in punctuation: nobody will add to it."""
        word = self._held[1:].lstrip()
        if not (self._at_head or self._fence or self._silent_until) and _FINISHED_WORD.fullmatch(word):
            self._emit(self._held[1:])
            self._held = self._held[-1]
        return self._take()

    def finish(self) -> str:
        """Return the rest, with what is unfinished taken as it stands."""
        self._run(final=True)
        self._end_line()
        return self._take()

    def _take(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _run(self, final: bool) -> None:
        at = 1
        while at < len(self._held):
            after = self._step(at, final)
            if after is None:
                break
            at = after
        self._held = self._held[at - 1 :]

    def _step(self, at: int, final: bool) -> int | None:
        """Deal with what is at a position; return the position after it, or None when more text is needed."""
        if self._fence:
            return self._skip_code(self._fence, at, final)
        if self._silent_until:
            return self._skip_silent(at)
        if self._at_head:
            if self._held[at] in " >":
                return at + 1
            head = read_head(self._held, at, final)
            return None if head is None else self._begin_line(head)
        special = self._special.search(self._held, at)
        if special:
            end = special.start()
        elif final:
            end = len(self._held)
        else:
            end = self._unfinished_word(at)
        if end > at:
            self._emit(self._held[at:end])
            return end
        return self._step_special(at, special.group()[0], final) if special else None

    def _unfinished_word(self, at: int) -> int:
        """Where the last word begins, which may yet turn out to be an address or a part of an emoji."""
        word = max(self._held.rfind(" ", at) + 1, at)
        if unspaced := _UNSPACED.match(self._held, word):
            word = unspaced.end()
        return word if len(self._held) - word < _WORD_CAP else len(self._held) - 16

    def _step_special(self, at: int, mark: str, final: bool) -> int | None:
        if mark in self._tags.starts:
            tag = self._tags.read(self._held, at, final)
            if tag is None:
                return None
            if tag.end > at:
                self._emit(tag.text)
                return tag.end
        if mark == "\n":
            self._end_line()
            return at + 1
        if mark == "|" and self._kind is Kind.TABLE:
            self._comma_due = bool(self._last_ink)
            return at + 1
        if mark == "|":
            self._emit(mark)
            return at + 1
        read = _READERS.get(mark, read_url) if self._markup else read_url
        inline = read(self._held, at, final)
        if inline is None:
            return None
        if inline.end == at:
            self._emit(mark)
            return at + 1
        self._say(inline, mark)
        return inline.end

    def _say(self, inline: Inline, mark: str) -> None:
        if mark in "[!" and inline.text:
            label = MarkupStream(urls=self._urls, emoji=self._emoji, tags=self._tags)
            label._at_head = False
            self._emit((label.feed(inline.text) + label.finish()).strip("\n"))
        elif inline.tag:
            self._obey_tag(inline.tag)
        else:
            self._emit(inline.text.translate(_CONTROL).replace("\n", " "))

    def _obey_tag(self, tag: str) -> None:
        name = tag.lstrip("/")
        if tag in _SILENT:
            self._silent_until = _SILENT[tag]
        elif name in _BREAKS or name in _ITEMS:
            self._end_line()
            self._kind = Kind.ITEM if tag in _ITEMS else Kind.TEXT
        elif tag in ("td", "th"):
            self._comma_due = bool(self._last_ink)
        elif tag == "img":
            self._emit(" ")

    def _begin_line(self, head: Head) -> int:
        self._at_head = False
        if head.kind is not Kind.TEXT:
            self._kind = head.kind
        if head.kind is Kind.FENCE:
            self._kind = Kind.TEXT
            mark = re.escape(head.text[0])
            self._fence = re.compile(rf"[ >]*{mark}{{{len(head.text)},}}[ ]*")
            self._inside_fence_line = True
            if self._code_word:
                self._emit(f"{self._code_word}.")
        elif head.text:
            self._emit(head.text)
            self._last_ink = ""
        return head.end

    def _end_line(self) -> None:
        """End the sentence that a line is; a heading, an item or a row gets a full stop unless it has an end."""
        if self._kind is not Kind.TEXT and self._last_ink and self._last_ink not in _FINAL:
            self._out.append(".")
        if self._last != "\n":
            self._out.append("\n")
        self._last, self._last_ink = "\n", ""
        self._comma_due = False
        self._at_head = self._markup
        self._kind = Kind.TEXT

    def _skip_code(self, fence: re.Pattern[str], at: int, final: bool) -> int | None:
        newline = self._held.find("\n", at)
        if newline < 0:
            if self._inside_fence_line or final or len(self._held) - at > _FENCE_LINE_CAP:
                self._inside_fence_line = True
                return len(self._held)
            return None
        if not self._inside_fence_line and fence.fullmatch(self._held, at, newline):
            self._fence = None
            self._end_line()
        self._inside_fence_line = False
        return newline + 1

    def _skip_silent(self, at: int) -> int | None:
        end = self._held.lower().find(self._silent_until, at)
        if end < 0:
            keep = max(at, len(self._held) - len(self._silent_until) + 1)
            return keep if keep > at else None
        end += len(self._silent_until)
        self._silent_until = ""
        return end

    def _emit(self, text: str) -> None:
        if self._emoji:
            text = strip_emoji(text)
        if "  " in text:
            text = _BLANKS.sub(" ", text)
        if self._last in " \n":
            text = text.lstrip(" ")
        if not text:
            return
        if self._comma_due and not text.isspace():
            self._out.append(" " if self._last_ink in _FINAL else ", ")
            text = text.lstrip(" ")
            self._comma_due = False
        elif self._comma_due:
            return
        self._out.append(text)
        self._last = text[-1]
        self._last_ink = text.rstrip()[-1:] or self._last_ink


def plain(text: str) -> str:
    """Turn a whole text into plain text, a sentence or paragraph a line."""
    stream = MarkupStream()
    return (stream.feed(text) + stream.finish()).strip("\n")
