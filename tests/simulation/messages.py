"""`python -m tests.simulation.messages --messages 10000 --seed 7`: the truth about messages, as long as you like."""

import argparse
import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path

from .messages_run import run


def main() -> int:
    options = _options()
    print(f"{options.messages} messages, seed {options.seed}", flush=True)
    logging.disable(logging.CRITICAL)
    began_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        verdict = run(messages=options.messages, seed=options.seed, folder=Path(folder))
    for name, count in verdict.figures.items():
        print(f"{count:>8,}  {name}")
    for problem in verdict.problems:
        print(f"WRONG: {problem}")
    print(f"{'no difference' if not verdict.problems else 'DIFFERENT'} after {time.monotonic() - began_at:.0f} s")
    return 1 if verdict.problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
