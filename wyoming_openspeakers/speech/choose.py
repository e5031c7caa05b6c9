"""Which voice speaks a text, and in which language."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache

from ..config import TextConfig, VoiceConfig
from ..errors import UnknownVoice
from ..models.languages import primary
from ..models.voices import ChosenVoice, VoiceCatalog
from .request import SpeechRequest
from .text.detect import LanguageDetector

_LOGGER = logging.getLogger(__name__)
_LONGEST_REASON = 400


class VoiceChooser:
    """Goes by the voice that is named, else by the language that is named, else by that of the text."""

    def __init__(self, voice: VoiceConfig, text: TextConfig) -> None:
        self._languages = voice.languages
        self._detects = text.detect_language

    def needs_text(self, request: SpeechRequest, catalog: VoiceCatalog) -> bool:
        """Whether the choice depends on what the text says."""
        if request.voice and (chosen := catalog.find(request.voice)):
            return not request.language and self._detects and len(_primaries(chosen)) > 1
        if request.voice and request.strict_voice:
            return False
        return not request.language and self._detects and len(self._candidates(catalog)) > 1

    def choose(self, request: SpeechRequest, catalog: VoiceCatalog, text: str = "") -> tuple[ChosenVoice, str]:
        """The voice and the language tag to read the text by."""
        if request.voice:
            try:
                chosen = catalog.require(request.voice, request.speaker)
                return chosen, request.language or self._spoken_by(chosen, text)
            except UnknownVoice as error:
                if request.strict_voice:
                    raise
                _LOGGER.warning("%s; the default voice speaks instead", str(error)[:_LONGEST_REASON])
        if request.language:
            return catalog.default(request.language), request.language
        detected = self._detect(text, self._candidates(catalog))
        chosen = catalog.default(detected)
        return chosen, _tag(chosen, detected)

    def switch(self, chosen: ChosenVoice, language: str, catalog: VoiceCatalog) -> ChosenVoice:
        """The voice for words that are marked with a language: the same one where no other speaks it better."""
        if primary(language) in _primaries(chosen):
            return chosen
        native = catalog.default(language)
        return native if primary(language) in _primaries(native) and catalog.can_hold(native) else chosen

    def warm(self, catalog: VoiceCatalog) -> None:
        """Get ready to tell languages apart, where there is more than one; blocks for about a second."""
        candidates = tuple(self._candidates(catalog))
        if self._detects and len(candidates) > 1:
            _detector(candidates).warm()

    def _spoken_by(self, chosen: ChosenVoice, text: str) -> str:
        """The text's language, among those that the voice speaks."""
        return _tag(chosen, self._detect(text, _primaries(chosen)))

    def _candidates(self, catalog: VoiceCatalog) -> Sequence[str]:
        return self._languages or catalog.languages()

    def _detect(self, text: str, languages: Sequence[str]) -> str | None:
        if not self._detects or len(languages) < 2 or not text.strip():
            return None
        return _detector(tuple(languages)).detect(text)


@lru_cache(maxsize=16)
def _detector(languages: tuple[str, ...]) -> LanguageDetector:
    return LanguageDetector(languages)


def _primaries(chosen: ChosenVoice) -> list[str]:
    return sorted({primary(tag) for tag in chosen.installed.voice.languages})


def _tag(chosen: ChosenVoice, detected: str | None) -> str:
    """The voice's own tag for a language, which has its region; without a language its main tag."""
    if detected is None:
        return chosen.language
    return next((tag for tag in chosen.installed.voice.languages if primary(tag) == primary(detected)), detected)
