"""The ledger: whether its transfers can be altered, and what the last proof found."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from khata.cli import database_url

TABLE = "ledger_transfer"


def append_only(environment: Any) -> Iterator[str]:
    with database_url.connect(environment.database_url) as connection:
        if connection.execute("SELECT to_regclass(%s)", (TABLE,)).fetchone() == (None,):
            return  # Pending migrations have been named.
        may = "SELECT has_table_privilege(%s, 'UPDATE') OR has_table_privilege(%s, 'DELETE')"
        if connection.execute(may, (TABLE, TABLE)).fetchone() == (True,):
            yield f"DATABASE_URL: the role may alter {TABLE}: run `khata migrate` with a role that owns it."
        guards = "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled = 'O'"
        if connection.execute(guards, (TABLE,)).fetchone() != (2,):
            yield f"The triggers that keep {TABLE} append-only are missing or switched off."


def proofs(environment: Any) -> Iterator[str]:
    """The worker proves on schedule; two intervals without a proof mean that none runs, or none succeeds."""
    # Django's models cannot be imported before it is set up.
    from khata.kernel.clock import utc_now
    from khata.ledger.figures import last_proof_run, oldest_wallet_opened_at

    run = last_proof_run()
    if run is not None and not run.is_sound:
        yield f"The ledger was not sound at {run.proved_at:%F %T %Z}: {'; '.join(run.problems[:3])}."
    overdue_at = utc_now() - 2 * timedelta(minutes=environment.proof_interval_minutes)
    since = run.proved_at if run is not None else oldest_wallet_opened_at()
    if environment.proof_interval_minutes and since is not None and since < overdue_at:
        yield f"The ledger was not proved since {since:%F %T %Z}: is a worker running?"
