"""Takes the noise from a sample in a few steps: DPM-Solver++ of the second order, for models that say the velocity.

All of a step that does not depend on the sample is worked out once, as plain numbers, so that a step is three sums on
the device and nothing waits for it. https://arxiv.org/abs/2211.01095
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

TIMES = 1000
"""Moments of noise that the models were trained with."""

_OFFSET = 0.008
_MOST_NOISE = 0.999
"""Of the cosine schedule: how little noise there is at first, and how much a moment adds at most."""


@dataclass(frozen=True)
class Step:
    """A step from more noise to less."""

    time: int
    """The moment that the model is told."""

    signal: float
    noise: float
    """How much of each is in the sample; both squared are one."""

    of_sample: float
    of_clean: float
    of_clean_before: float
    """What the next sample is the sum of: this one, what it would be without noise, and what that was a step before."""

    def clean(self, sample: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        """What a sample would be without noise."""
        return self.signal * sample - self.noise * velocity

    def next(self, sample: torch.Tensor, clean: torch.Tensor, before: torch.Tensor | None) -> torch.Tensor:
        """The sample with less noise."""
        less = self.of_sample * sample + self.of_clean * clean
        return less if before is None or not self.of_clean_before else less + self.of_clean_before * before


@lru_cache(maxsize=64)
def steps_of(count: int) -> tuple[Step, ...]:
    """The way from noise alone to none in so many steps."""
    times = np.linspace(0, TIMES - 1, count + 1).round()[:0:-1].astype(int)
    power = _signal_power()[times]
    signal = [*np.sqrt(power).tolist(), 1.0]
    noise = [*np.sqrt(1 - power).tolist(), 0.0]
    steps = []
    for number, time in enumerate(times.tolist()):
        of_sample = noise[number + 1] / noise[number]
        change = signal[number + 1] - signal[number] * of_sample
        slope = 0.0
        # The first step has nothing to learn from, and the last goes all the way.
        if 0 < number < count - 1:
            back, now, ahead = (math.log(signal[place] / noise[place]) for place in range(number - 1, number + 2))
            slope = 0.5 * change * (ahead - now) / (now - back)
        steps.append(Step(time, signal[number], noise[number], of_sample, change + slope, -slope))
    return tuple(steps)


@lru_cache(maxsize=1)
def _signal_power() -> np.ndarray[Any, np.dtype[np.float64]]:
    """How much of a sample is signal at each moment, in the single precision that the models were trained with."""
    level = [math.cos((time / TIMES + _OFFSET) / (1 + _OFFSET) * math.pi / 2) ** 2 for time in range(TIMES + 1)]
    added = [min(1 - level[time + 1] / level[time], _MOST_NOISE) for time in range(TIMES)]
    kept = np.float32(1) - np.asarray(added, np.float32)
    return np.cumprod(kept, dtype=np.float64).astype(np.float32).astype(np.float64)

