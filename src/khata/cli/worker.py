"""`khata worker`: hands messages over, takes receipts, runs background jobs."""

from khata.cli import wiring


def worker() -> None:
    """Send messages and run background jobs until SIGTERM or SIGINT."""
    wiring.set_up()
    wiring.call(wiring.WORKER)
