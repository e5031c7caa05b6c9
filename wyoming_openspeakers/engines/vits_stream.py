"""Speak with a VITS voice: the first words while the last are still to be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import Protocol

import numpy as np

from .base import Samples
from .control import CancelFlag, Share
from .onnx_session import OnnxSession, Tensor
from .vits_split import EDGES, Split, Stage

SIZES = (16, 48, 144)
"""Frames of the chunks of a sentence, the last one again and again. The first is small, because someone waits for it:
0.19 s of speech at 22,050 Hz. 144 frames are about 70 ms of work for a core, so that other requests get their turn in
between."""


Heed = Callable[[Tensor, int], None]
"""Takes how many frames each phoneme lasts, and how many samples a frame has."""


class Voice(Protocol):
    """A voice whose sessions are open."""

    def speak(
        self, feeds: Mapping[str, Tensor], cancel: CancelFlag, share: Share | None = None, heed: Heed | None = None
    ) -> Iterator[Samples]:
        """One sentence, in one chunk or several; `heed` learns the lengths of phonemes first, where they are known."""


def plan(total: int, side_by_side: int) -> Iterator[list[tuple[int, int]]]:
    """Cut so many frames into ever larger chunks, with no small one at the end.

    The first chunk is alone; the others come in groups of equal ones that are made side by side.
    """
    start = 0
    for size in chain(SIZES, repeat(SIZES[-1])):
        if start == total:
            return
        count = side_by_side if start else 1
        frames = size * count
        stop = start + frames if start + frames * 3 // 2 < total else total
        edges = [start + (stop - start) * step // count for step in range(count + 1)]
        yield [(first, last) for first, last in pairwise(edges) if first < last]
        start = stop


class WholeVoice:
    """A voice whose graph cannot be cut: a whole sentence at a time."""

    def __init__(self, model: Path | bytes, threads: int) -> None:
        self._session = OnnxSession(model, threads)

    def speak(
        self, feeds: Mapping[str, Tensor], cancel: CancelFlag, share: Share | None = None, heed: Heed | None = None
    ) -> Iterator[Samples]:
        (samples, *_) = self._session.run(_wanted(self._session, feeds), cancel)
        yield samples.reshape(-1)


class SplitVoice:
    """A voice in three parts, of which two run on windows of frames.

    It is open twice where there are several cores: to run on all of them for one listener, and on one core each for
    several listeners at once.
    """

    def __init__(self, parts: Split, threads: int) -> None:
        on_one = replace(parts, decoder=parts.decoder_on_one)
        self._on_one = _Parts(on_one, 1)
        self._on_all = _Parts(parts, threads) if threads > 1 else self._on_one
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "vits")

    def speak(
        self, feeds: Mapping[str, Tensor], cancel: CancelFlag, share: Share | None = None, heed: Heed | None = None
    ) -> Iterator[Samples]:
        share = share or Share()
        text = self._for(share).text
        results = text.run(_wanted(text, feeds), cancel)
        prior = dict(zip(text.outputs, results, strict=True))
        if heed and (lengths := self._lengths(prior)) is not None:
            heed(lengths, self._on_all.decoder.stage.hop)
        yield from self.decode(prior, cancel, share)

    def _lengths(self, prior: Mapping[str, Tensor]) -> Tensor | None:
        """What neither flow nor decoder takes: the frames of each phoneme."""
        flow, decoder = self._on_all.flow.stage, self._on_all.decoder.stage
        taken = {flow.source, *flow.conditions, *decoder.conditions}
        return next((values.reshape(-1) for name, values in prior.items() if name not in taken), None)

    def _for(self, share: Share) -> _Parts:
        return self._on_all if share.is_whole else self._on_one

    def decode(self, prior: Mapping[str, Tensor], cancel: CancelFlag, share: Share) -> Iterator[Samples]:
        """Flow and decoder over what the text part gave."""
        flow, decoder = self._on_all.flow.stage, self._on_all.decoder.stage
        frames = prior[flow.source]
        total = frames.shape[-1]
        # A chunk for each core is quicker than each chunk on all cores, but for the first, which is awaited.
        groups = list(plan(total, self._threads if share.is_whole else 1))
        latent = np.empty_like(frames)
        done = 0
        for number, group in enumerate(groups):
            parts = self._for(share)
            if min(total, group[-1][1] + decoder.right) > done:
                # The flow's context is wide, so it runs a group ahead, but for the first, which is awaited.
                last = groups[min(number + 1, len(groups) - 1)] if number else group
                target = last[-1][1] + decoder.right
                if total - target < flow.left + flow.right:
                    # What is left would cost more for its context than for itself.
                    target = total
                latent[..., done:target] = parts.flow.run(frames, prior, done, target, cancel)
                done = target
            if len(group) == 1:
                yield parts.decoder.run(latent, prior, *group[0], cancel).reshape(-1)
                continue
            on_one = self._on_one.decoder
            pending = [self._pool.submit(on_one.run, latent, prior, first, last, cancel) for first, last in group]
            for chunk in pending:
                yield chunk.result().reshape(-1)


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
