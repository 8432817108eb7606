"""Plans, a bonus and a coupon for the demo's customers, put there as an operator does it: on the command line."""

import os
import subprocess

from tests.cli.test_demo import KHATA
from tests.faults.running_demo import RunningDemo

STARTER = (
    *("plan", "add", "starter", "--name", "Starter", "--fee", "1000", "--credits", "6000"),
    *("--credits-per-rupee", "6", "--benefit", "Help by e-mail", "--benefit", "An answer within a working day"),
)
GROWTH = (
    *("plan", "add", "growth", "--name", "Growth", "--fee", "5000", "--credits", "35000"),
    *("--credits-per-rupee", "8", "--benefit", "Help by telephone", "--benefit", "A person who knows you"),
)
BONUS = ("bonus", "add", "--from", "5000", "--percent", "5", "--days", "90")
COUPON = ("coupon", "add", "WELCOME10", "--percent", "10", "--minimum", "500")


def offer(demo: RunningDemo, *commands: tuple[str, ...]) -> None:
    """Runs `khata` with each of them against the demo's database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KHATA_", "DATABASE_"))}
    environment = inherited | {"DATABASE_URL": demo.ready["database_url"], "KHATA_SECRET_KEY": "journeys-" * 8}
    for command in commands:
        subprocess.run([KHATA, *command], env=environment, check=True, capture_output=True)
