"""From the segments of a response, whatever engines they come from, to one even stream of PCM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .limiter import limit_peaks
from .pcm import Samples, frames, silence, to_s16le
from .resample import Resampler
from .trim import EdgeTrimmer


@dataclass(frozen=True)
class ChainOptions:
    """How a response should sound; times in seconds."""

    output_rate: int | None = None
    """Hertz, or None for that of the first segment."""

    lead_silence: float = 0.0
    """Before the first sound, for players that clip a start."""

    tail_silence: float = 0.0
    """After the last sound, for players that clip an end."""

    segment_pause: float = 0.2
    """Between two segments, on top of the little silence that trimming keeps."""

    trim: bool = True
    """Take the silence off the edges of segments."""

    silence_if_empty: float = 0.1
    """Played when there was nothing to say, because some clients hang without audio; 0 for no audio."""

    empty_rate: int = 22050
    """Hertz of that silence when no segment and no option told a rate."""


@dataclass(frozen=True)
class Placed:
    """Where a segment came to lie in a response; times in seconds of the response."""

    begin: float
    end: float
    origin: float
    """Where it would begin if no silence had been taken off: what the segment's own times count from."""


class AudioChain:
    """Turns the audio of one response into s16le mono PCM at one rate, chunk by chunk.

    Trims, applies gain, resamples, guards the peaks. A segment's audio may be fed in chunks of any size, and what
    comes out at each call may be empty. Silence goes only in front of a segment that has audio, so a segment without
    any leaves no trace.
    """

    def __init__(self, options: ChainOptions | None = None) -> None:
        self._options = options or ChainOptions()
        self._rate = self._options.output_rate
        self._segment: _Segment | None = None
        self._silence_before = self._options.lead_silence
        self._frames = 0
        self._segment_begin = 0
        self._has_audio = False
        self.placed = Placed(0, 0, 0)
        """Where the segment lies that ended last; an empty place when it had no audio."""

    @property
    def rate(self) -> int | None:
        """Hertz of what comes out; None before the first segment when the options leave it open."""
        return self._rate

    @property
    def seconds(self) -> float:
        """How much audio came out so far."""
        return self._frames / self._rate if self._rate else 0.0

    def begin_segment(
        self, rate: int, gain: float = 1.0, *, trim: bool = True, pause: float | None = None, pitch: float = 1.0
    ) -> None:
        """Start a segment at an engine's rate.

        `trim` says whether this engine's edges are worth trimming; `pause` is what parts this segment from the one
        before where that is not the usual pause, such as after a clause. With a `pitch` it plays so much faster.
        """
        if self._segment:
            raise RuntimeError("the segment before has not ended")
        self._rate = self._rate or rate
        if self._has_audio:
            self._silence_before = self._options.segment_pause if pause is None else pause
        self._segment = _Segment(round(rate * pitch), self._rate, gain, trim and self._options.trim)
        self._segment_begin = self._frames

    def feed(self, samples: Samples) -> bytes:
        """Take a chunk of the segment in and give back the PCM that is ready."""
        if not self._segment:
            raise RuntimeError("no segment has begun")
        return self._emit(self._segment.feed(samples))

    def end_segment(self) -> bytes:
        """Give back the rest of the segment."""
        if not self._segment:
            raise RuntimeError("no segment has begun")
        segment, self._segment = self._segment, None
        pcm = self._emit(segment.finish())
        begin = self._segment_begin / self._rate if self._rate else 0.0
        self.placed = Placed(begin, self.seconds, begin - segment.cut)
        return pcm

    def finish(self) -> bytes:
        """End the response, with the segment that is open if there is one."""
        rest = self.end_segment() if self._segment else b""
        if self._has_audio:
            return rest + self._silence(self._options.tail_silence)
        return self._silence(self._options.silence_if_empty)

    def _emit(self, samples: Samples) -> bytes:
        if not len(samples):
            return b""
        before = self._silence(self._silence_before)
        if before:
            self._segment_begin = self._frames
        self._silence_before = 0.0
        self._has_audio = True
        self._frames += len(samples)
        return before + to_s16le(limit_peaks(samples))

    def _silence(self, seconds: float) -> bytes:
        self._rate = self._rate or self._options.empty_rate
        self._frames += frames(self._rate, seconds)
        return silence(self._rate, seconds)


class _Segment:
    """What a segment's audio goes through before it joins the response."""

    def __init__(self, source_rate: int, output_rate: int, gain: float, trim: bool) -> None:
        self._rate = source_rate
        self._gain = np.float32(gain)
        self._trimmer = EdgeTrimmer(source_rate) if trim else None
        self._resampler = Resampler(source_rate, output_rate)

    @property
    def cut(self) -> float:
        """Seconds of silence that were taken off the front."""
        return self._trimmer.cut / self._rate if self._trimmer else 0.0

    def feed(self, samples: Samples) -> Samples:
        # One bad number from a model would spread through the resampler and last to the end of the segment.
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return self._process(self._trimmer.feed(samples) if self._trimmer else samples)

    def finish(self) -> Samples:
        rest = self._process(self._trimmer.finish()) if self._trimmer else np.empty(0, np.float32)
        return np.concatenate((rest, self._resampler.finish()))

    def _process(self, samples: Samples) -> Samples:
        if not len(samples):
            return samples
        return self._resampler.feed(samples if self._gain == 1 else samples * self._gain)
