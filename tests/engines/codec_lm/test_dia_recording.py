"""A recording sounds the same at another rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wyoming_openspeakers.engines.codec_lm.dia_recording import resampled


@pytest.mark.parametrize(("rate", "wanted"), [(24_000, 44_100), (48_000, 44_100), (44_100, 44_100)])
def test_a_tone_is_the_same_tone_at_another_rate(rate: int, wanted: int) -> None:
    def tone(rate: int) -> Any:
        times = np.arange(rate) / rate
        return (np.sin(2 * np.pi * 440 * times) * np.hanning(rate)).astype(np.float32)

    np.testing.assert_allclose(resampled(tone(rate), rate, wanted), tone(wanted), atol=1e-3)
