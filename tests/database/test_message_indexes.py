"""What indexes of messages name: nothing that changes with every step or every try (HOT), and what looks need."""

from django.db import connection

from khata.kernel.transactions import in_transaction
from khata.messaging import scheduled_rows

CHANGING = ("status", "due_at", "claimed_at", "lease_token", "attempts", "carrier", "error_code")


def definitions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("select indexname, indexdef from pg_indexes where tablename = 'messaging_message'")
        return dict(cursor.fetchall())


def test_no_index_names_what_changes_while_a_message_is_handed_over() -> None:
    for name, definition in definitions().items():
        assert not [column for column in CHANGING if column in definition], name


def test_scheduled_messages_are_in_an_index_of_their_own_and_found_by_it_in_order() -> None:
    found = definitions()
    assert "WHERE is_open" in found["message_open_by_route"]
    assert "(release_at) WHERE (release_at IS NOT NULL)" in found["message_scheduled"]
    with in_transaction() as connection:
        connection.execute(
            "select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
        )
        plan = "\n".join(row[0] for row in connection.execute(f"explain {scheduled_rows.LOCK_DUE}", (10,)))
    assert "Index Scan using message_scheduled" in plan
    assert "Sort" not in plan
