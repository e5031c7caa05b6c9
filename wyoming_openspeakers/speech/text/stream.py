"""Raw text that comes in chunks becomes clean sentences to speak."""

from __future__ import annotations

from dataclasses import dataclass

from .markup import MarkupStream
from .segment import Segmenter
from .tags import NONE, Tags


@dataclass(frozen=True)
class TextOptions:
    """What is done to text before it is spoken."""

    markup: bool = True
    """Read Markdown and HTML as text."""

    emoji: bool = True
    """Leave emoji out."""

    urls: bool = True
    """Say only the host of a web address."""

    max_segment: int = 300
    """Longest segment, in characters."""

    code_word: str = ""
    """What to say for a block of code; nothing when empty."""

    tags: Tags = NONE
    """Marks that are no markup but for an engine; in the segments each is one character."""


class TextStream:
    """Cuts a stream of raw text into clean segments.

    The segments do not depend on how the text was cut into chunks. `first_limit` is for engines that cannot stream
    inside a sentence: the first segment then ends at a clause within about so many characters.
    """

    def __init__(self, options: TextOptions, first_limit: int | None = None) -> None:
        self._markup = MarkupStream(
            markup=options.markup,
            urls=options.urls,
            emoji=options.emoji,
            code_word=options.code_word,
            tags=options.tags,
        )
        self._segments = Segmenter(options.max_segment, first_limit, options.tags)

    @property
    def pending(self) -> bool:
        """Whether some text waits for more."""
        return self._markup.pending or self._segments.pending

    def feed(self, text: str) -> list[str]:
        """Take a chunk of text; return the segments that are now known to be complete."""
        return self._segments.feed(self._markup.feed(text))

    def flush(self) -> list[str]:
        """Return what can be spoken without waiting for more, as the text has paused."""
        return self._segments.feed(self._markup.flush()) + self._segments.flush()

    def finish(self) -> list[str]:
        """Return the rest: no more of this text comes. What comes then is another text of the same speakers."""
        return self._segments.feed(self._markup.finish()) + self._segments.finish()
