"""What a ready demo says: one JSON line for programs, or where to look and what to try for people."""

import json

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from khata.cli.demo.options import Options
from khata.cli.demo.state import DemoState


def json_line(options: Options, state: DemoState, database_url: str) -> str:
    """The fields are a contract with other programs."""
    return json.dumps(
        {
            "console_url": options.base_url,
            "api_url": f"{options.base_url}/v1",
            "gateway_url": options.gateway_url,
            "smsc": f"{options.connect_host}:{options.ports.smsc}",
            "smtp": f"{options.connect_host}:{options.ports.smtp}",
            "phone_url": options.phone_url,
            "mailbox_url": options.mailbox_url,
            "email": state.email,
            "password": state.password,
            "api_key": state.api_key,
            "organisation_id": state.organisation_id,
            "gateway_key_id": state.gateway_key_id,
            "gateway_key_secret": state.gateway_key_secret,
            "database_url": database_url,
        }
    )


def print_summary(console: Console, options: Options, state: DemoState) -> None:
    """The demo's secrets are shown in full: it is a demo, and they open nothing else."""
    table = Table.grid(padding=(0, 2))
    for what, where in (
        ("Console", options.base_url),
        ("  sign in with", f"{state.email}  {state.password}"),
        ("Phone", f"{options.phone_url}  (what was sent by SMS)"),
        ("Mailbox", f"{options.mailbox_url}  (what was sent by e-mail)"),
        ("Gateway", f"{options.gateway_url}/control  (no money moves)"),
        ("API key", state.api_key),
        ("Data", str(options.data_dir)),
    ):
        table.add_row(what, Text(where))
    console.print(Panel(table, title="Khata is ready", expand=False))
    console.print("Send an SMS (402 until you have topped up):")
    # Not wrapped by Rich, so that it can be copied.
    console.out(_curl(options, state), highlight=False)
    console.print("Ctrl-C ends everything; the data stays for the next start.")


def _curl(options: Options, state: DemoState) -> str:
    body = json.dumps({"channel": "sms", "to": "+919800000100", "body": "Hello from Khata"})
    return (
        f"  curl -sS {options.base_url}/v1/messages -H 'Authorization: Bearer {state.api_key}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )
