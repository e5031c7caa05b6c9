"""How well it is known when a word is said: the aligner, and Whisper, against the lengths that Piper itself tells."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from bench.house_talk import HOUSE_TALK
from bench.recogniser import Recogniser
from bench.results import Figure, percentile
from bench.servers import PIPER_VOICE
from bench.setup import Setup
from bench.texts import sentences

from wyoming_openspeakers.engines.base import Engine, EngineRequest, ModelSpec, Samples, engine_class
from wyoming_openspeakers.speech.text.segment import Segmenter
from wyoming_openspeakers.speech.words.align import align
from wyoming_openspeakers.speech.words.tokens import split_words

Starts = list[float]

_AUDIBLE = 0.01
_MILLISECONDS = 1000
_MADE_UP = 40
"""Sentences beside those of the house."""

_HEARD = 6
"""Whisper is slow, so it hears only every so manieth text."""


@dataclass(frozen=True)
class _Utterance:
    words: list[str]
    samples: Samples
    rate: int
    starts: Starts
    """What the engine told, empty where it tells nothing."""


def measure(setup: Setup) -> list[Figure]:
    """Start times of words: errors in milliseconds against the best that is known."""
    recogniser = Recogniser(setup.assets / "whisper-tiny.en")
    texts = [line.spoken for line in HOUSE_TALK] + list(itertools.islice(sentences(3), _MADE_UP))
    texts = texts[: setup.count(len(texts))]
    piper = _speak("piper", str(setup.assets / "piper"), PIPER_VOICE, texts, str(setup.folder / "voices"))
    truth = "against Piper's own lengths"
    seconds: list[float] = []
    figures = [
        *_figures("word start, in proportion to letters", truth, [(one.starts, _evenly(one)) for one in piper]),
        *_figures("word start, aligned", truth, [(one.starts, _aligned(one, seconds)) for one in piper], (40, 120)),
        *_figures("word start, Whisper tiny.en", truth, _both(piper[::_HEARD], lambda one: one.starts, recogniser)),
        Figure("words", "time to align a sentence", percentile(seconds, 50) * _MILLISECONDS, "ms", at_most=20),
    ]
    heard = {
        "hibari": _speak("hibari", "", "heart", texts[::_HEARD]),
        "Kokoro": _speak("kokoro", str(setup.assets / "kokoro"), "af_heart", texts[::_HEARD]),
    }
    for name, spoken in heard.items():
        figures += _figures("word start, aligned", f"{name}, against Whisper", _both(spoken, _aligned, recogniser))
    return figures


def _speak(engine: str, folder: str, voice: str, texts: Sequence[str], cache: str | None = None) -> list[_Utterance]:
    """What an engine says, sentence by sentence, as the service gives them to it."""
    speaker: Engine = engine_class(engine)()
    speaker.load(ModelSpec(engine, engine, (folder,) if folder else (), voice, cache_path=cache), "cpu")
    spoken = []
    for text in texts:
        segmenter = Segmenter(300)
        for sentence in (*segmenter.feed(text), *segmenter.finish()):
            chunks = list(speaker.stream(EngineRequest(sentence, voice, seed=1)))
            words, told = split_words(sentence), [word for chunk in chunks for word in chunk.words]
            if told and [word.text for word in told] != words:
                continue
            samples = np.concatenate([chunk.samples for chunk in chunks])
            spoken.append(_Utterance(words, samples, chunks[0].rate, [word.start for word in told]))
    speaker.unload()
    return spoken


def _figures(
    name: str, against: str, pairs: Sequence[tuple[Starts, Starts]], aims: tuple[float, float] | None = None
) -> list[Figure]:
    errors = [abs(one - other) * _MILLISECONDS for pair in pairs for one, other in zip(*pair, strict=True)]
    parts = zip(("median", "90th percentile"), (50, 90), aims or (None, None), strict=True)
    return [
        Figure("words", f"{name}, {label}", percentile(errors, percent), "ms", at_most=aim,
               note=f"{against}; {len(errors)} words")
        for label, percent, aim in parts
    ]  # fmt: skip


def _aligned(one: _Utterance, seconds: list[float] | None = None) -> Starts:
    began = time.thread_time()
    spans = align(one.words, one.samples, one.rate)
    if seconds is not None:
        seconds.append(time.thread_time() - began)
    return [start for start, _ in spans]


def _evenly(one: _Utterance) -> Starts:
    audible = np.flatnonzero(np.abs(one.samples) > _AUDIBLE)
    lengths = np.array([len(word) + 1 for word in one.words])
    begin, end = audible[0] / one.rate, audible[-1] / one.rate
    starts: Starts = (begin + (end - begin) * (np.cumsum(lengths) - lengths) / lengths.sum()).tolist()
    return starts


def _both(
    spoken: Sequence[_Utterance], find: Callable[[_Utterance], Starts], recogniser: Recogniser
) -> list[tuple[Starts, Starts]]:
    """What was found and what Whisper heard, where it heard the very words."""
    pairs = []
    for one in spoken:
        heard = recogniser.hear_words(one.samples, one.rate)
        if [_bare(word) for word, _ in heard] == [_bare(word) for word in one.words]:
            pairs.append((find(one), [start for _, start in heard]))
    return pairs


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word).lower()
