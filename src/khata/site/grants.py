"""What the runtime role may do: everything with ordinary rows, only insert and select with transfers."""

from typing import Any

import psycopg
from psycopg import sql

APPEND_ONLY_TABLES = ("ledger_transfer",)


def apply_grants(connection: psycopg.Connection[Any], runtime_role: str) -> None:
    """Run by the owner after each migration. Where one role plays both parts it loses the same rights.

    A superuser cannot be bound by grants: there the trigger alone refuses, and `khata check` says so.
    """
    role = sql.Identifier(runtime_role)
    owner = connection.execute("select current_user").fetchone()
    assert owner is not None
    if owner[0] != runtime_role:
        for statement in (
            "grant usage on schema public to {}",
            "grant select, insert, update, delete on all tables in schema public to {}",
            "grant usage, select, update on all sequences in schema public to {}",
            "grant execute on all functions in schema public to {}",
        ):
            connection.execute(sql.SQL(statement).format(role))
    for table in APPEND_ONLY_TABLES:
        connection.execute(
            sql.SQL("revoke update, delete, truncate on {} from {}, public").format(sql.Identifier(table), role)
        )
