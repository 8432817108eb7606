"""When a delivery is tried again, and what an attempt means for it and for its endpoint.

The waits are those the Standard Webhooks specification proposes: ten attempts over 75 hours.
"""

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

WAITS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After the first attempt, the second, …: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""
ATTEMPTS_MAX = len(WAITS_S) + 1
JITTER_PERCENT = 10
FAILING_MAX = timedelta(days=5)
"""For how long an endpoint may do nothing but fail before it is disabled."""

_GONE = 410


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Verdict(NamedTuple):
    """`wait_ms` is set while `state` is pending. `is_gone`: the receiver wants nothing more, ever."""

    state: DeliveryState
    wait_ms: int | None = None
    is_gone: bool = False


def judge(*, status_code: int | None, attempts_count: int, jitter_permille: int) -> Verdict:
    """`status_code` is None where no answer came, `attempts_count` counts this one, `jitter_permille` is 0 to 999."""
    if status_code is not None and 200 <= status_code < 300:
        return Verdict(DeliveryState.DELIVERED)
    if status_code == _GONE:
        return Verdict(DeliveryState.FAILED, is_gone=True)
    if attempts_count >= ATTEMPTS_MAX:
        return Verdict(DeliveryState.FAILED)
    return Verdict(DeliveryState.PENDING, _wait_ms(WAITS_S[attempts_count - 1], jitter_permille))


def _wait_ms(wait_s: int, jitter_permille: int) -> int:
    """Up to a tenth shorter or longer, so that what failed together does not come back together."""
    return wait_s * (1_000 - 10 * JITTER_PERCENT) + wait_s * jitter_permille * 2 * JITTER_PERCENT // 100
