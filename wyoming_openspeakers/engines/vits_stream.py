"""Speak with a VITS voice: the first words while the last are still to be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, repeat
from typing import Protocol

import numpy as np

from .base import CancelFlag, Samples, Share
from .onnx_session import OnnxSession, Tensor
from .vits_split import EDGES, Split, Stage

SIZES = (16, 48, 144)
"""Frames of the chunks of a sentence, the last one again and again. The first is small, because someone waits for it:
0.19 s of speech at 22,050 Hz. 144 frames are about 70 ms of work for two cores, so that other requests get their turn
in between."""

FLOW_AHEAD = 2
"""The flow's context is wide, so it runs this many decoder chunks ahead."""


class Voice(Protocol):
    """A voice whose sessions are open."""

    def speak(
        self, feeds: Mapping[str, Tensor], cancel: CancelFlag, share: Share | None = None
    ) -> Iterator[Samples]:
        """One sentence, in one chunk or several."""


def chunks(total: int) -> Iterator[tuple[int, int]]:
    """Cut so many frames into ever larger chunks, with no small one at the end."""
    start = 0
    for size in chain(SIZES, repeat(SIZES[-1])):
        if start == total:
            return
        stop = start + size if start + size * 3 // 2 < total else total
        yield start, stop
        start = stop


class WholeVoice:
    """A voice whose graph cannot be cut: a whole sentence at a time."""

    def __init__(self, model: bytes, threads: int) -> None:
        self._session = OnnxSession(model, threads)

    def speak(
        self, feeds: Mapping[str, Tensor], cancel: CancelFlag, share: Share | None = None
    ) -> Iterator[Samples]:
        (samples, *_) = self._session.run(_wanted(self._session, feeds), cancel)
        yield samples.reshape(-1)


class SplitVoice:
    """A voice in three parts, of which two run on windows of frames.

    It is open twice where there are several cores: to run on all of them for one listener, and on one core each for
    several listeners at once.
    """

    def __init__(self, parts: Split, threads: int) -> None:
        self._on_all = _Parts(parts, threads)
        self._on_one = _Parts(parts, 1) if threads > 1 else self._on_all

    def speak(
        self, feeds: Mapping[str, Tensor], cancel: CancelFlag, share: Share | None = None
    ) -> Iterator[Samples]:
        share = share or Share()
        text = self._for(share).text
        results = text.run(_wanted(text, feeds), cancel)
        yield from self.decode(dict(zip(text.outputs, results, strict=True)), cancel, share)

    def _for(self, share: Share) -> _Parts:
        return self._on_all if share.is_whole else self._on_one

    def decode(self, prior: Mapping[str, Tensor], cancel: CancelFlag, share: Share) -> Iterator[Samples]:
        """Flow and decoder over what the text part gave."""
        flow, decoder = self._on_all.flow.stage, self._on_all.decoder.stage
        frames = prior[flow.source]
        total = frames.shape[-1]
        plan = list(chunks(total))
        latent = np.empty_like(frames)
        done = 0
        for number, (start, stop) in enumerate(plan):
            parts = self._for(share)
            if min(total, stop + decoder.right) > done:
                last = plan[min(number + FLOW_AHEAD, len(plan)) - 1] if number else plan[0]
                target = last[1] + decoder.right
                if total - target < flow.left + flow.right:
                    # What is left would cost more for its context than for itself.
                    target = total
                latent[..., done:target] = parts.flow.run(frames, prior, done, target, cancel)
                done = target
            yield parts.decoder.run(latent, prior, start, stop, cancel).reshape(-1)


class _Parts:
    """The three graphs, open to run on so many threads."""

    def __init__(self, parts: Split, threads: int) -> None:
        self.text = OnnxSession(parts.text, threads)
        self.flow = _Window(parts.flow, parts.flow_stage, threads)
        self.decoder = _Window(parts.decoder, parts.decoder_stage, threads)


class _Window:
    """A graph that is run on windows of frames."""

    def __init__(self, model: bytes, stage: Stage, threads: int) -> None:
        self.stage = stage
        self._session = OnnxSession(model, threads)

    def run(self, source: Tensor, others: Mapping[str, Tensor], start: int, stop: int, cancel: CancelFlag) -> Tensor:
        """What comes out for the frames from start to stop, exactly as if all of them had been run."""
        stage, total = self.stage, source.shape[-1]
        first, last = start - stage.left, stop + stage.right
        cut_left, cut_right = first > 0, last < total
        feeds = {
            stage.source: source[..., max(0, first) : min(total, last)],
            EDGES: np.array([0, 0, -cut_left, 0, 0, -cut_right], np.int64),
            **{name: others[name] for name in stage.conditions},
        }
        (output,) = self._session.run(feeds, cancel)
        offset = stage.spare if cut_left else start * stage.hop
        return output[..., offset : offset + (stop - start) * stage.hop]


def _wanted(session: OnnxSession, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What of it the session takes: a voice with one speaker knows no speaker."""
    return {name: feeds[name] for name in session.inputs}
