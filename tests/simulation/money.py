"""`python -m tests.simulation.money --top-ups 1000 --seed 7`: the truth about money, as long as you like."""

import argparse
import logging
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest


def main() -> int:
    options = _options()
    print(f"{options.top_ups} top-ups, seed {options.seed}", flush=True)
    from tests import conftest

    # The tests' own world, without pytest: neither function looks at what pytest would hand it.
    nothing = cast(pytest.Config, None)
    conftest.pytest_configure(nothing)
    try:
        return _run(options.top_ups, options.seed)
    finally:
        conftest.pytest_unconfigure(nothing)


def _run(top_ups: int, seed: int) -> int:
    from .money_run import run

    logging.disable(logging.CRITICAL)
    port = urlsplit(os.environ["KHATA_GATEWAY_RAZORPAY_BASE_URL"]).port
    assert port is not None
    started_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        verdict = run(top_ups=top_ups, seed=seed, data_dir=Path(folder), port=port)
    for name, amount_minor in verdict.figures.items():
        print(f"{amount_minor / 100:>16,.2f}  {name}")
    for problem in verdict.problems:
        print(f"WRONG: {problem}")
    print(f"{'no difference' if not verdict.problems else 'DIFFERENT'} after {time.monotonic() - started_at:.0f} s")
    return 1 if verdict.problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top-ups", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
