"""How much is measured: all of it, or just enough to see that every line still works."""

from dataclasses import dataclass

WALLETS_COUNT = 1_000
"""Of the lines that compare one wallet with many."""


@dataclass(frozen=True, slots=True)
class Scale:
    """`seconds` is how long one rate is measured."""

    seconds: float
    batch_counts: tuple[int, ...]
    connection_counts: tuple[int, ...]
    dispatched_count: int
    history_counts: tuple[int, ...]
    read_count: int
    stored_count: int


FULL = Scale(
    seconds=6,
    batch_counts=(1, 64, 512, 2_048, 8_192),
    connection_counts=(1, 16, 128),
    dispatched_count=40_000,
    history_counts=(10_000, 1_000_000, 10_000_000),
    read_count=200,
    stored_count=200_000,
)
SHORT = Scale(
    seconds=0.3,
    batch_counts=(1, 64, 512, 2_048),
    connection_counts=(1, 16, 128),
    dispatched_count=1_000,
    history_counts=(10_000, 100_000),
    read_count=20,
    stored_count=2_000,
)
