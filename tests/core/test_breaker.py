"""A carrier that keeps failing rests, is tried with one submission, and comes back with its first answer."""

from khata.carriers.core.breaker import FAILURES_MAX, Breaker


def failed(breaker: Breaker, count: int, now_s: float) -> Breaker:
    for _ in range(count):
        breaker = breaker.failed(now_s)
    return breaker


def test_failures_in_a_row_make_it_rest_and_an_answer_between_them_does_not() -> None:
    almost = failed(Breaker(), FAILURES_MAX - 1, 100.0)
    assert not almost.is_resting(100.0)
    assert not failed(almost.succeeded(), FAILURES_MAX - 1, 100.0).is_resting(100.0)
    resting = almost.failed(100.0)
    assert resting.is_resting(100.5)
    assert resting.room(100.5, 50, 0) == 0


def test_after_its_rest_it_gets_one_submission_until_that_is_answered() -> None:
    rested = failed(Breaker(), FAILURES_MAX, 100.0)
    assert not rested.is_resting(101.0)
    assert rested.room(101.0, 50, 0) == 1
    assert rested.room(101.0, 50, 1) == 0
    assert rested.succeeded().room(101.0, 50, 1) == 50


def test_each_failed_trial_doubles_the_rest_up_to_half_a_minute() -> None:
    breaker, now_s, rests_s = failed(Breaker(), FAILURES_MAX, 0.0), 0.0, []
    for _ in range(8):
        rests_s.append(breaker.rests_until_s - now_s)
        now_s = breaker.rests_until_s
        breaker = breaker.failed(now_s)
    assert rests_s == [1, 2, 4, 8, 16, 30, 30, 30]


def test_what_was_under_way_when_the_rest_began_counts_no_more() -> None:
    resting = failed(Breaker(), FAILURES_MAX, 100.0)
    assert failed(resting, 90, 100.2) == resting
