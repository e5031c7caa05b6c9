"""Plain text that comes in chunks is cut into sentences, each as soon as it is known to be complete."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .boundary import ends_sentence
from .tags import NONE, Tags

_SLICE = 1024
_LOOKAHEAD = 16
_AFTER_CLAUSE = 60
_FEWEST_WORDS = 3

_STOP = r"[.!?…‼⁉][.!?…‼⁉]*(?:[\u00a0\u202f]?»|[\"'”’“)\]}])*"
_WIDE_STOP = r"[。！？｡．।॥؟۔։။][。！？｡．।॥؟۔!?]*[」』）】》〉”’\"]*"
_COMMA = r"[,;:](?=\s)|(?<=\s)[–—-](?=\s)|—|[、，；：]"
_SENTENCE_END = re.compile(rf"\n|(?P<wide>{_WIDE_STOP})|(?P<stop>{_STOP})")
_SENTENCE_OR_CLAUSE_END = re.compile(rf"\n|(?P<wide>{_WIDE_STOP})|(?P<stop>{_STOP})|(?P<clause>{_COMMA})")
_CLAUSE_END = re.compile(rf"(?:{_COMMA})[\"'”’»)\]]*")
_CONJUNCTION = re.compile(
    r"(?<=\s)(?:and|or|but|because|which|that|when|und|oder|aber|weil|dass|wenn|et|ou|mais|car|que|qui|y|o|pero|"
    r"porque|cuando|e|ma|che|perché|en|of|maar|omdat|dat|i|lub|ale|że)(?=\s)",
    re.IGNORECASE,
)
_TWO_MORE_WORDS = re.compile(r"\s+(?:\S*[^\s.!?…。！？]\s+){2}\S")
_CLAUSE_ENDS_SOON = re.compile(r"\s*(?:\S+[ ])?\S*(?:[.!?…][\"'”’»)\]]*\s|[。！？\n])")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[.,!?;:](?:\s|\Z))")
_BLANKS = re.compile(r"[ \n]+")


class Segmenter:
    """Cuts plain text, in which a newline always ends a sentence, into pieces no longer than a limit.

    Each piece begins with the mark of its speaker, where one was named. Marks that stand alone go with what follows.
    """

    def __init__(self, max_segment: int, first_limit: int | None = None, tags: Tags = NONE) -> None:
        self._most = max_segment
        self._tags = tags
        self._alone = ""
        self._speaker = ""
        self._first_limit = first_limit or 0
        self._text = ""
        self._seen = 0
        """How far the text has been looked through for the end of a sentence."""

    @property
    def pending(self) -> bool:
        """Whether text waits for the end of its sentence."""
        return bool(self._text.strip())

    def feed(self, text: str) -> list[str]:
        """Take a chunk; return the sentences that are now complete."""
        segments: list[str] = []
        for begin in range(0, len(text), _SLICE):
            self._text += text[begin : begin + _SLICE]
            segments.extend(self._cut(final=False))
        return segments

    def flush(self) -> list[str]:
        """Return what can be spoken before more text comes: whole sentences, a clause or at least some whole words."""
        segments = list(self._cut(final=False))
        text = self._text.rstrip(" ")
        stop = max((found for found in _SENTENCE_END.finditer(text)), key=re.Match.end, default=None)
        ended = stop is not None and stop.end() == len(text) and self._may_stop(text, stop)
        end = len(text) if ended else self._whole_words()
        if end:
            segments.extend(self._take(end))
        return segments

    def finish(self) -> list[str]:
        """Return all the rest."""
        segments = list(self._cut(final=True))
        segments.extend(self._take(len(self._text)))
        if self._tags.has_sound(self._alone):
            segments.append(self._marked(""))
        return segments

    def _may_stop(self, text: str, stop: re.Match[str]) -> bool:
        if stop.group("stop") is None:
            return True
        before = text[: stop.start()]
        number = stop.group() == "." and before[-1:].isdigit()
        return not number and ends_sentence(before, stop.group(), " A", final=False) is True

    def _whole_words(self) -> int:
        """Where to cut when the text pauses inside a sentence, 0 for nowhere."""
        end = self._text.rfind(" ")
        while end > 0 and _is_unfinished(self._text[:end].split()[-1]):
            end = self._text.rstrip(" ").rfind(" ", 0, end)
        end = max(end, 0)
        clauses = [found.end() for found in _CLAUSE_END.finditer(self._text, 0, end + 1)]
        if clauses and _words(self._text[: clauses[-1]]) >= _FEWEST_WORDS:
            return clauses[-1]
        return end if _words(self._text[:end]) > _FEWEST_WORDS else 0

    def _cut(self, final: bool) -> Iterator[str]:
        while True:
            if self._seen == 0:
                self._text = self._text.lstrip(" \n")
            ends = _SENTENCE_OR_CLAUSE_END if self._first_limit else _SENTENCE_END
            found = ends.search(self._text, self._seen, self._most + 1)
            if found is None:
                if len(self._text) <= self._most:
                    self._seen = max(self._seen, len(self._text) - 1)
                    return
                yield from self._take(self._break())
                continue
            end = self._end_at(found, final)
            if end is None:
                return
            if end > self._most:
                yield from self._take(self._break())
            elif end:
                yield from self._take(end)
            else:
                self._seen = found.end()

    def _end_at(self, found: re.Match[str], final: bool) -> int | None:
        """Where the sentence ends that may end here: 0 when it does not, None when that is not known yet."""
        if found.group() == "\n":
            return found.end()
        start = found.start()
        if found.lastgroup == "clause":
            return self._first_clause(start + 1, final)
        whole = _SENTENCE_END.match(self._text, start)
        assert whole
        end = whole.end()
        if end > self._most:
            return end
        if end == len(self._text) and not final:
            return None
        if whole.group("wide"):
            return end
        after = self._text[end : end + _LOOKAHEAD]
        ends = ends_sentence(self._text[:start], whole.group(), after, final)
        return None if ends is None else end if ends else 0 if end <= found.end() else self._skip(end)

    def _skip(self, end: int) -> int:
        self._seen = end
        return 0

    def _first_clause(self, end: int, final: bool) -> int | None:
        """Cut the first segment early, for the first audio to come early, unless a stub of a clause would be left."""
        if end > self._first_limit or _words(self._text[:end]) < _FEWEST_WORDS:
            return 0
        rest = self._text[end : end + _AFTER_CLAUSE]
        if _WIDE.search(self._text[max(end - 2, 0) : end]):
            return end
        if _CLAUSE_ENDS_SOON.match(rest):
            return 0
        if _TWO_MORE_WORDS.match(rest):
            return end
        return 0 if final or len(rest) >= _AFTER_CLAUSE else None

    def _break(self) -> int:
        """Where to break a sentence that is too long."""
        window = self._text[: self._most + 1]
        least = self._most // 3
        clauses = [found.end() for found in _CLAUSE_END.finditer(window, least) if found.end() <= self._most]
        if clauses:
            return clauses[-1]
        conjunctions = [found.start() for found in _CONJUNCTION.finditer(window, least)]
        if conjunctions:
            return conjunctions[-1]
        space = window.rfind(" ", 1)
        if space > 0:
            return space
        end = self._most
        while end > self._most // 2 and unicodedata.combining(self._text[end]):
            end -= 1
        return end

    def _take(self, end: int) -> Iterator[str]:
        segment = _SPACE_BEFORE_MARK.sub("", _BLANKS.sub(" ", self._text[:end]).strip())
        self._text = self._text[end:]
        self._seen = 0
        if any(character.isalnum() for character in segment):
            self._first_limit = 0
            yield self._marked(segment)
        elif self._tags.has_any(segment):
            self._alone = f"{self._alone} {segment}".strip()[-self._most :]

    def _marked(self, segment: str) -> str:
        """A segment with the marks that stood alone before it and that of its speaker."""
        tags = self._tags
        segment, self._alone = f"{self._alone} {segment}".strip(), ""
        if self._speaker and not tags.opening_speaker(segment):
            segment = f"{self._speaker} {segment}"
        self._speaker = tags.last_speaker(segment) or self._speaker
        return segment


def _is_unfinished(word: str) -> bool:
    """Whether what comes next may change how a word is read: a number's unit, an abbreviation's other half."""
    return word[-1].isdigit() or (word[-1] == "." and (word[-2:-1].isdigit() or len(word) <= 4))


def _words(text: str) -> int:
    return len(text.split()) + len(_WIDE.findall(text)) // 2
