"""Clean sentences into words that any engine can read."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ..config import TextConfig
from ..errors import ConfigError
from .text.normalize import normalize, warm
from .text.pronounce import Pronunciations
from .text.stream import TextOptions, TextStream
from .text.tags import NONE, Tags

_LOGGER = logging.getLogger(__name__)


class Speakable:
    """The text stages, as they are configured."""

    def __init__(self, config: TextConfig) -> None:
        self._config = config
        self._pronunciations = _pronunciations(config)
        self._options = TextOptions(
            markup=config.markup, emoji=config.emoji, urls=config.urls, max_segment=config.max_segment
        )

    def warm(self, language: str) -> None:
        """Build what the first sentence in a language would wait for."""
        if self._config.numbers:
            warm(language)

    def stream(self, first_segment: int = 0, *, markup: bool = True, tags: Tags = NONE) -> TextStream:
        """A stream that cuts raw text into clean sentences; the marks of engines stay in them, as `tags` has them."""
        options = replace(self._options, markup=self._options.markup and markup, tags=tags)
        return TextStream(options, first_limit=first_segment or None)

    def words(self, sentence: str, language: str, tags: Tags = NONE, known: Collection[str] = ()) -> str:
        """A clean sentence as it shall be spoken, with those of its marks that are known to its engine."""
        spoken = tags.keep(sentence, known)
        if tags and not tags.has_sound(spoken) and not any(map(str.isalnum, spoken)):
            return ""
        spoken = self._pronunciations.apply(spoken, language)
        return tags.written(normalize(spoken, language) if self._config.numbers else spoken)


def _pronunciations(config: TextConfig) -> Pronunciations:
    try:
        given = Pronunciations.from_mapping(config.pronounce)
        if not config.pronounce_file:
            return given
        return Pronunciations.from_file(Path(config.pronounce_file).expanduser()) | given
    except OSError as error:
        raise ConfigError(f"text.pronounce_file: {config.pronounce_file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"text.pronounce: {error}") from None
