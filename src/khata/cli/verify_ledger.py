"""`khata verify-ledger`: the proof that every credit can be explained."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from khata.cli import wiring

if TYPE_CHECKING:
    from khata.ledger.operations import LedgerProof

FIELDS = ("is_sound", "problems", "organisations_count", "transfers_count", "proved_at")


def verify_ledger(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Derive every balance again from the transfers. Exit 0 only if all of it holds, 1 if not."""
    wiring.set_up()
    # Django's models cannot be imported before it is set up.
    from khata.ledger.operations import verify_ledger as prove

    proof = prove()
    typer.echo(_as_json(proof) if as_json else _as_text(proof))
    raise typer.Exit(0 if proof.is_sound else 1)


def _as_json(proof: "LedgerProof") -> str:
    fields = asdict(proof)
    return json.dumps({name: fields[name] for name in FIELDS}, default=datetime.isoformat)


def _as_text(proof: "LedgerProof") -> str:
    extent = (
        f"{proof.organisations_count} organisations, {proof.transfers_count} transfers, at {proof.proved_at:%F %T %Z}"
    )
    if proof.is_sound:
        return f"The ledger is sound: {extent}."
    return "\n".join([f"The ledger is NOT sound: {extent}.", *(f"  {problem}" for problem in proof.problems)])
