"""What an attempt means: done, tried again on a schedule of days, given up, or never wanted again."""

import pytest

from khata.webhooks.core.retries import ATTEMPTS_MAX, JITTER_PERCENT, WAITS_S, DeliveryState, Verdict, judge


def verdict(status_code: int | None, attempts_count: int = 1, jitter_permille: int = 500) -> Verdict:
    return judge(status_code=status_code, attempts_count=attempts_count, jitter_permille=jitter_permille)


@pytest.mark.parametrize("status_code", [200, 201, 202, 204, 299])
def test_any_2xx_is_done(status_code: int) -> None:
    assert verdict(status_code) == Verdict(DeliveryState.DELIVERED)


@pytest.mark.parametrize("status_code", [None, 100, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503, 599])
def test_anything_else_is_tried_again(status_code: int | None) -> None:
    found = verdict(status_code)
    assert (found.state, found.wait_ms, found.is_gone) == (DeliveryState.PENDING, 5_000, False)


def test_410_ends_the_delivery_and_its_endpoint() -> None:
    assert verdict(410) == Verdict(DeliveryState.FAILED, is_gone=True)


def test_ten_attempts_span_75_hours_35_minutes_and_5_seconds() -> None:
    waits = [verdict(500, number).wait_ms for number in range(1, ATTEMPTS_MAX)]
    assert ATTEMPTS_MAX == 10
    assert sum(wait for wait in waits if wait) == ((75 * 60 + 35) * 60 + 5) * 1_000
    assert verdict(500, ATTEMPTS_MAX) == Verdict(DeliveryState.FAILED)


@pytest.mark.parametrize("number", range(1, ATTEMPTS_MAX))
def test_jitter_moves_a_wait_by_at_most_a_tenth(number: int) -> None:
    waits = [verdict(None, number, jitter).wait_ms or 0 for jitter in range(1_000)]
    middle = WAITS_S[number - 1] * 1_000
    assert min(waits) == middle * (100 - JITTER_PERCENT) // 100
    assert middle * (100 + JITTER_PERCENT) // 100 * 0.99 < max(waits) < middle * (100 + JITTER_PERCENT) // 100
    assert len(set(waits)) > 900
