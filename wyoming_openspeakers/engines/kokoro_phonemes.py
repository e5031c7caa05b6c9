"""Text to Kokoro's phonemes, for each of its languages with the package that knows it."""

from __future__ import annotations

import ctypes
import importlib
import logging
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from .base import EngineError, ModelSpec

Phonemizer = Callable[[str], str]

ESPEAK_VOICES = {"es": "es", "fr-FR": "fr", "hi": "hi", "it": "it", "pt-BR": "pt-br"}

MISAKI = {"ja": ("misaki.ja", "JAG2P"), "zh": ("misaki.zh", "ZHG2P")}
"""Module and class."""

MARKS = re.compile(r"""(\s*[;:,.!?¡¿—…"«»“”()\[\]{}]+\s*)""")
"""Punctuation is kept as it is: it is part of Kokoro's alphabet, and espeak would drop it."""

TIE = "͡"

ESPEAK_TO_KOKORO = {
    f"a{TIE}ɪ": "I",
    f"a{TIE}ʊ": "W",
    f"d{TIE}z": "ʣ",
    f"d{TIE}ʒ": "ʤ",
    f"e{TIE}ɪ": "A",
    f"o{TIE}ʊ": "O",
    f"ə{TIE}ʊ": "Q",
    f"s{TIE}s": "S",
    f"t{TIE}s": "ʦ",
    f"t{TIE}ʃ": "ʧ",
    f"ɔ{TIE}ɪ": "Y",
    TIE: "",
    "-": "",
}
"""Kokoro writes what espeak ties together, diphthongs and affricates, as one letter."""


ENDS = tuple(re.compile(rf"(?s).*{end}") for end in (r"[.!?…](?=\s)", r"[,;:—](?=\s)", r"\s"))
"""Where to cut what is too long, the best places first: the last end of a sentence, of a clause, of a word."""


EXTRAS = {
    "espeak": ("espeakng_loader", "espeakng-loader"),
    "kokoro-ja": ("pyopenjtalk", "misaki[ja]"),
    "kokoro-zh": ("pypinyin", "misaki[zh]"),
    "english": ("hibari", "hibari-tts"),
}
"""What languages need: a package that tells whether it is there, and what to install in another environment."""


def missing(language: str, spec: ModelSpec) -> str | None:
    """What to install before the language can be spoken, one of `EXTRAS`, or None."""
    extra = "espeak" if language in ESPEAK_VOICES else f"kokoro-{language}" if language in MISAKI else "english"
    needed = [EXTRAS[extra][0], *(["misaki"] if language in MISAKI else [])]
    return None if all(map(spec.has_package, needed)) else extra


def advice(extras: Sequence[str], spec: ModelSpec) -> str:
    """How to install them."""
    if spec.packages_path is None and "english" not in extras:
        return f"pip install 'wyoming-openspeakers[{','.join(extras)}]'"
    return f"pip install {' '.join(EXTRAS[extra][1] for extra in extras)}, in its environment"


def phonemizer(language: str) -> Phonemizer:
    """Load what turns text of a language into phonemes; takes a moment and some memory."""
    if language in ESPEAK_VOICES:
        return Espeak(ESPEAK_VOICES[language])
    if language in MISAKI:
        module, name = MISAKI[language]
        library = importlib.import_module(module)
        # Jieba tells everybody when it loads its dictionary.
        logging.getLogger("jieba").setLevel(logging.WARNING)
        convert: Any = getattr(library, name)()
        return lambda text: str(convert(text)[0])
    english: Any = importlib.import_module("hibari.g2p").G2P(british=language == "en-GB")
    return lambda text: str(english(text))


class Espeak:
    """Phonemes from espeak-ng, which has one voice at a time for the whole process."""

    _lock = threading.Lock()
    _library: ctypes.CDLL | None = None

    def __init__(self, voice: str) -> None:
        self._voice = voice
        with self._lock:
            if Espeak._library is None:
                Espeak._library = self._load()

    def __call__(self, text: str) -> str:
        parts = MARKS.split(" ".join(text.replace("«", "“").replace("»", "”").split()))
        with self._lock:
            assert self._library is not None
            if self._library.espeak_SetVoiceByName(self._voice.encode()):
                raise EngineError(f"espeak-ng has no voice {self._voice}", "package_missing")
            return "".join(part if index % 2 else self._words(part) for index, part in enumerate(parts)).strip()

    @staticmethod
    def _load() -> ctypes.CDLL:
        loader: Any = importlib.import_module("espeakng_loader")
        library = ctypes.CDLL(loader.get_library_path())
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        synchronous = 2
        if library.espeak_Initialize(synchronous, 0, str(loader.get_data_path()).encode(), 0) <= 0:
            raise EngineError("espeak-ng cannot be started")
        return library

    def _words(self, text: str) -> str:
        assert self._library is not None
        if not text.strip():
            return ""
        utf8, ipa_with_ties = 1, 0x02 | 0x80 | ord(TIE) << 8
        rest = ctypes.pointer(ctypes.c_char_p(text.encode()))
        clauses = []
        while rest.contents.value is not None:
            clauses.append((self._library.espeak_TextToPhonemes(rest, utf8, ipa_with_ties) or b"").decode())
        phonemes = " ".join(clause.strip() for clause in clauses)
        # A word in another language is put between flags: (en)...(fr).
        phonemes = re.sub(r"\([^)]*\)", "", phonemes)
        for old, new in ESPEAK_TO_KOKORO.items():
            phonemes = phonemes.replace(old, new)
        return phonemes.strip()


def pieces(phonemes: str, most: int) -> list[str]:
    """Cut phonemes into pieces of at most so many, at the end of a sentence, of a clause, of a word, or anywhere."""
    found = []
    while len(phonemes) > most:
        window = phonemes[: most + 1]
        ends = (match.end() for end in ENDS if (match := end.match(window)))
        cut = min(most, next(ends, most))
        found.append(phonemes[:cut].strip())
        phonemes = phonemes[cut:].strip()
    return [piece for piece in (*found, phonemes) if piece]

