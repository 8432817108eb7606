"""Seeds the demo: `python -m khata.cli.demo.seeding FOLDER` completes the state in FOLDER.

A process of its own, so that the demo's parent never holds Django, a database connection or a thread.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from khata.cli import wiring
from khata.cli.demo.state import load_state


def main(folder: Path) -> None:
    """Seed, or find what an earlier start seeded, and note the organisation and its API key."""
    state = load_state(folder)
    wiring.set_up()
    seeded: Any = wiring.call(wiring.SEED_DEMO, state)
    replace(
        state,
        organisation_id=seeded.organisation_id,
        api_key=seeded.api_key,
        dns_records=seeded.dns_records,
    ).save(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
