"""Rates and medians."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WARM_UP_COUNT = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One round: `run` is timed and says how much it did; `prepare` is neither."""

    run: Callable[[], int]
    prepare: Callable[[], object] = lambda: None


def rates_per_s(steps: Sequence[Step], seconds: float) -> list[float]:
    """How much each does a second. They take turns, so that what disturbs the machine disturbs all of them alike.

    `seconds` are meant for each. The first round warms up and does not count.
    """
    for step in steps:
        _took_s(step)
    done_counts, took_s = [0] * len(steps), [0.0] * len(steps)
    while sum(took_s) < seconds * len(steps):
        for place, step in enumerate(steps):
            done_count, step_took_s = _took_s(step)
            done_counts[place] += done_count
            took_s[place] += step_took_s
    return [count / spent_s for count, spent_s in zip(done_counts, took_s, strict=True)]


def rate_per_s(run: Callable[[], int], seconds: float) -> float:
    """The same for one alone."""
    return rates_per_s([Step(run)], seconds)[0]


def medians_ms(calls: Sequence[Callable[[], object]], count: int) -> list[float]:
    """The median time of `count` calls of each, in turns for the same reason; some calls before them warm up."""
    took_ms: list[list[float]] = [[] for _ in calls]
    for _ in range(WARM_UP_COUNT + count):
        for call, times in zip(calls, took_ms, strict=True):
            times.append(_took_ms(call))
    return [percentile(times[WARM_UP_COUNT:], 50) for times in took_ms]


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of 100 do not exceed."""
    return sorted(values)[max(-(-len(values) * percent // 100) - 1, 0)]


def _took_s(step: Step) -> tuple[int, float]:
    step.prepare()
    began = time.perf_counter()
    return step.run(), time.perf_counter() - began


def _took_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1_000
