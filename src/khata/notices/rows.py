"""Alarms in and out by the page: locked together, written with one statement."""

from collections.abc import Collection, Sequence

from django.db import connection

from khata.notices.models import AlertState

_MOVED = """
    select mark.organisation_id
      from unnest(%s::bigint[], %s::bigint[]) as mark (organisation_id, last_seq)
      left join notices_alertstate state using (organisation_id)
     where state.seen_seq is distinct from mark.last_seq
"""
_WRITE = """
    update notices_alertstate state
       set seen_seq = new.seen_seq, is_low_armed = new.is_low_armed, low_fired_at = new.low_fired_at,
           is_empty_armed = new.is_empty_armed, empty_fired_at = new.empty_fired_at
      from unnest(%s::bigint[], %s::bigint[], %s::boolean[], %s::timestamptz[], %s::boolean[], %s::timestamptz[])
           as new (organisation_id, seen_seq, is_low_armed, low_fired_at, is_empty_armed, empty_fired_at)
     where state.organisation_id = new.organisation_id
"""
_COLUMNS = ("organisation_id", "seen_seq", "is_low_armed", "low_fired_at", "is_empty_armed", "empty_fired_at")


def moved_since_last_look(marks: Sequence[tuple[int, int]]) -> list[int]:
    """Of (organisation_id, last_seq) pairs, the organisations whose wallet was never looked at or not at that `seq`."""
    ids, seqs = zip(*marks, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [list(ids), list(seqs)])
        return [row[0] for row in cursor.fetchall()]


def lock_states(organisation_ids: Sequence[int]) -> dict[int, AlertState]:
    """By organisation, those nobody has looked at yet made first; what is locked elsewhere is left out."""
    AlertState.objects.bulk_create((AlertState(organisation_id=id_) for id_ in organisation_ids), ignore_conflicts=True)
    rows = AlertState.objects.select_for_update(skip_locked=True).filter(organisation_id__in=organisation_ids)
    return {row.organisation_id: row for row in rows}


def write_states(states: Collection[AlertState]) -> None:
    """Rows that were locked in the open transaction."""
    columns = [[getattr(state, name) for state in states] for name in _COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, columns)
