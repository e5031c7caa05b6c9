"""The steps from noise to a sample: as the paper has them, and the closer to the truth the more there are."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch

from wyoming_openspeakers.engines.torch.dpm_solver import steps_of


def solve(count: int, velocity: torch.Tensor) -> torch.Tensor:
    """What becomes of a sample when the model always says the same."""
    sample, before = torch.linspace(-1, 1, len(velocity), dtype=torch.float64), None
    for step in steps_of(count):
        clean = step.clean(sample, velocity * (1 + step.time / 1000))
        sample, before = step.next(sample, clean, before), clean
    return sample


def levels() -> list[tuple[float, float]]:
    """Signal and noise at each moment, from the definition of the cosine schedule."""
    curve = [math.cos((time / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for time in range(1001)]
    power, found = 1.0, []
    for now, then in pairwise(curve):
        power *= 1 - min(1 - then / now, 0.999)
        found.append((math.sqrt(power), math.sqrt(1 - power)))
    return found


def by_the_paper(count: int, velocity: torch.Tensor) -> torch.Tensor:
    """Algorithm 2 of the paper, in its own symbols."""
    moments = [round(999 - 999 * number / count) for number in range(count)]
    alphas, sigmas = zip(*[levels()[moment] for moment in moments], strict=True)
    lambdas = [math.log(alpha / sigma) for alpha, sigma in zip(alphas, sigmas, strict=True)]
    sample = torch.linspace(-1, 1, len(velocity), dtype=torch.float64)
    foreseen: list[torch.Tensor] = []
    for i, moment in enumerate(moments):
        foreseen.append(alphas[i] * sample - sigmas[i] * velocity * (1 + moment / 1000))
        if i == count - 1:
            return foreseen[-1]
        h = lambdas[i + 1] - lambdas[i]
        direction = foreseen[-1]
        if i:
            r = (lambdas[i] - lambdas[i - 1]) / h
            direction = (1 + 1 / (2 * r)) * foreseen[-1] - 1 / (2 * r) * foreseen[-2]
        sample = sigmas[i + 1] / sigmas[i] * sample - alphas[i + 1] * math.expm1(-h) * direction
    raise AssertionError


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 20, 50])
def test_steps_are_those_of_the_paper(count: int) -> None:
    velocity = torch.tensor([0.3, -1.2, 0.7, 2.0], dtype=torch.float64)
    torch.testing.assert_close(solve(count, velocity), by_the_paper(count, velocity), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [1, 5, 10])
def test_a_model_that_knows_the_answer_is_believed(count: int) -> None:
    answer = torch.tensor([0.5, -2.0])
    sample, before = torch.tensor([1.5, 0.1]), None
    for step in steps_of(count):
        noise = (sample - step.signal * answer) / step.noise
        clean = step.clean(sample, step.signal * noise - step.noise * answer)
        sample, before = step.next(sample, clean, before), clean
    torch.testing.assert_close(sample, answer, rtol=1e-4, atol=1e-4)


def test_twice_the_steps_are_much_closer() -> None:
    spread = 0.5

    def error(count: int) -> float:
        """For samples that are spread normally the way without noise is known."""
        sample, before = torch.ones(1, dtype=torch.float64), None
        for step in steps_of(count):
            power = (step.signal * spread) ** 2 + step.noise**2
            foreseen = step.signal * spread**2 / power * sample
            velocity = (step.signal * sample - foreseen) / step.noise
            sample, before = step.next(sample, step.clean(sample, velocity), before), foreseen
        first = steps_of(count)[0]
        truth = spread / math.sqrt((first.signal * spread) ** 2 + first.noise**2)
        return abs(float(sample) - truth)

    assert error(40) < error(20) / 2 < error(10) / 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_is_what_the_diffusers_library_does() -> None:
    diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed: pip install --no-deps diffusers")
    library = diffusers.DPMSolverMultistepScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")
    velocity = torch.tensor([0.3, -1.2, 0.7, 2.0])
    for count in (1, 2, 5, 10, 20):
        library.set_timesteps(count)
        theirs = torch.linspace(-1, 1, 4)
        for time in library.timesteps:
            theirs = library.step(velocity * (1 + time / 1000), time, theirs).prev_sample
        assert [step.time for step in steps_of(count)] == library.timesteps.tolist()
        torch.testing.assert_close(solve(count, velocity.double()).float(), theirs, rtol=1e-4, atol=1e-5)
