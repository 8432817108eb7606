"""The demo from start to end."""

import time
from collections.abc import Callable
from dataclasses import replace

import typer
from rich.console import Console

from khata.cli import database_url, embedded_postgres, ports
from khata.cli.demo import folder
from khata.cli.demo.children import children, migration, seeding
from khata.cli.demo.interrupts import Interrupted, Interrupts
from khata.cli.demo.options import Options
from khata.cli.demo.state import load_state
from khata.cli.demo.summary import json_line, print_summary
from khata.cli.demo.supervisor import Supervisor
from khata.cli.errors import CommandStopped, Misconfigured, folder_trouble

PATIENCE_AFTER_CRASH_S = 15.0
"""How long the processes of a killed demo may take to let go of their ports."""


def run(options: Options) -> None:
    """Start everything, say so, stay until a signal comes, end everything. Raises `CommandStopped`."""
    interrupts = Interrupts()
    stderr = Console(stderr=True, highlight=False)
    try:
        if options.is_fresh and options.database_url:
            raise Misconfigured("--fresh never empties a database of yours: unset DATABASE_URL.")
        lock = folder.claim(options.data_dir, is_fresh=options.is_fresh)
        supervisor = Supervisor(options.data_dir / "logs", interrupts, _teller(stderr))
        try:
            _start_all(options, supervisor, is_after_crash=lock.was_abandoned)
            interrupts.may_raise = False
            supervisor.watch()
        finally:
            interrupts.may_raise = False
            stderr.print("Ending …")
            supervisor.stop()
            lock.release()
    except Interrupted:
        return
    except BrokenPipeError:
        raise CommandStopped("Nobody reads what the demo says.") from None
    except OSError as error:
        raise folder_trouble(options.data_dir, error) from error


def _start_all(options: Options, supervisor: Supervisor, *, is_after_crash: bool) -> None:
    listeners = {what: (host, port) for what, (host, port) in options.listeners().items() if port}
    ports.require_free(listeners, patience_s=PATIENCE_AFTER_CRASH_S if is_after_crash else 0)
    options = replace(options, ports=options.ports.chosen(options.host))
    app_url, owner_url = _start_database(options, supervisor)
    state = load_state(options.data_dir)
    supervisor.run_to_end(migration(options, state, app_url, owner_url))
    supervisor.run_to_end(seeding(options, state, app_url))
    state = load_state(options.data_dir)
    supervisor.start(children(options, state, app_url))
    if options.is_json:
        typer.echo(json_line(options, state, app_url))
    else:
        print_summary(Console(highlight=False), options, state)


def _start_database(options: Options, supervisor: Supervisor) -> tuple[str, str]:
    """The URLs for running and for migrating."""
    if options.database_url:
        owner_url = options.database_owner_url or options.database_url
        database_url.require_usable(options.database_url)
        database_url.require_usable(owner_url, name="KHATA_DATABASE_OWNER_URL")
        return options.database_url, owner_url
    supervisor.database = embedded_postgres.start(options.data_dir)
    supervisor.say("PostgreSQL is ready")
    return supervisor.database.app_url, supervisor.database.owner_url


def _teller(console: Console) -> Callable[[str], None]:
    began_at = time.monotonic()
    return lambda words: console.print(f"{time.monotonic() - began_at:5.1f} s  {words}", markup=False)
