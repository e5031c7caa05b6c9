"""What a VibeVoice is told: whose voices there are, who says what, and that it is to speak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import EngineError

SPEAKERS = 4
"""In one text, at most."""

PREFACE = (
    " Transform the text provided by various speakers into speech output, utilizing the distinct voice of each "
    "respective speaker.\n"
)
"""What the model was trained to be asked."""

_NUMBERS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4}
"""Digits may have been written out before the text comes here."""

_MARK = re.compile(rf"(?:^|(?<=\s))(?:Speaker\s+(\d+|{'|'.join(_NUMBERS)})\s*[::]|\[S(\d+)\])\s*")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Turn:
    """What a speaker says without being interrupted."""

    speaker: int
    """From 0 on."""

    text: str


class Script:
    """Who says what in the pieces of a text: `Speaker 1: Hello! Speaker 2: Hi.` or `[S1] Hello! [S2] Hi.`"""

    def __init__(self, text: str) -> None:
        """Take the whole text, for speakers are counted from 0 where one of them is the 0th."""
        named = [_number(match) for match in _MARK.finditer(text)]
        self.is_dialogue = bool(named)
        self._first = 0 if 0 in named else 1
        self._speaker = 0
        if named and max(named) - self._first >= SPEAKERS:
            last = self._first + SPEAKERS - 1
            raise EngineError(
                f"There is a Speaker {max(named)} in the text; they can be Speaker {self._first} to Speaker {last}",
                "bad_parameter",
            )

    def turns(self, piece: str) -> list[Turn]:
        """The turns of the next piece of the text; what is before the first mark goes on with the last speaker."""
        found = []
        begin = 0
        for match in _MARK.finditer(piece):
            found.append(Turn(self._speaker, piece[begin : match.start()]))
            self._speaker = _number(match) - self._first
            begin = match.end()
        found.append(Turn(self._speaker, piece[begin:]))
        clean = (Turn(turn.speaker, _SPACE.sub(" ", turn.text).replace("’", "'").strip()) for turn in found)
        return [turn for turn in clean if any(map(str.isalnum, turn.text))]


class PromptWriter:
    """Writes prompts in the model's tokens."""

    def __init__(self, path: Path, config: Mapping[str, Any]) -> None:
        """Take the path of tokenizer.json and what config.json says of the tokens around sound."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            reason = str(error).partition("\n")[0]
            raise EngineError(f"{path} is damaged ({reason}); download the model again", "model_missing") from None
        # A text that has a name of theirs in it is text.
        self._tokenizer.encode_special_tokens = True
        self.begin = int(config.get("audio_bos_token_id", 151_652))
        """The token before sound, and the last of a prompt."""
        self._end = int(config.get("audio_eos_token_id", 151_653))

    def voices(self, speakers: Sequence[int]) -> list[list[int]]:
        """What is before, between and after the voices of these speakers: one part more than there are voices."""
        parts: list[list[int]] = []
        text, tokens = PREFACE, list[int]()
        for number, speaker in enumerate(speakers):
            text += " Voice input:\n" if not number else ""
            parts.append([*tokens, *self._ids(f"{text} Speaker {speaker}:"), self.begin])
            text, tokens = "\n", [self._end]
        return [*parts, [*tokens, *self._ids(text)]]

    def script(self, turns: Iterable[Turn]) -> list[int]:
        """What is to be said, and that it is to be said now."""
        lines = "".join(f" Speaker {turn.speaker}: {turn.text}\n" for turn in turns)
        return [*self._ids(f" Text input:\n{lines} Speech output:\n"), self.begin]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def _number(match: re.Match[str]) -> int:
    name = match[1] or match[2]
    return _NUMBERS[name] if name in _NUMBERS else int(name)
