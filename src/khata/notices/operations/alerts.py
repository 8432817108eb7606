"""Looking at wallets: alarms that rang become notices, with their mail deferred in the same transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from khata.kernel.clock import utc_now
from khata.kernel.credits import credits_text
from khata.kernel.ids import public_organisation_id
from khata.kernel.transactions import in_transaction
from khata.ledger.standings import Standing, emptied_at, standings, wallet_marks
from khata.notices.core.alarms import Alarms, Sight, first_look, look
from khata.notices.core.kinds import NoticeKind
from khata.notices.core.outlook import RATE_SPAN, Outlook
from khata.notices.models import AlertSettings, AlertState
from khata.notices.operations.mails import emptied_letter, low_letter, make_notice
from khata.notices.rows import lock_states, moved_since_last_look, write_states
from khata.webhooks.operations import Event, EventType, record_events

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Rung:
    """An alarm that rang, and the facts its mail tells."""

    kind: NoticeKind
    organisation_id: int
    outlook: Outlook
    seen_seq: int
    """How far the wallet had been looked at before."""


def raise_alerts() -> int:
    """Looks at every wallet that changed since its last look; returns how many notices were made.

    A page of wallets is one transaction. What another worker is just looking at is left to it.
    """
    made_count, after_id = 0, None
    while marks := wallet_marks(after_id=after_id, limit=PAGE):
        after_id = marks[-1][0]
        moved = moved_since_last_look(marks)
        made_count += _look_at(moved) if moved else 0
    return made_count


def _look_at(organisation_ids: Sequence[int]) -> int:
    now = utc_now()
    with in_transaction() as connection:
        states = lock_states(organisation_ids)
        seen = {organisation_id: state.seen_seq or 0 for organisation_id, state in states.items()}
        levels = _chosen_levels(states)
        found = standings(seen=seen, since=now - RATE_SPAN)
        rung = [alarm for each in found if (alarm := _update(states[each.organisation_id], each, levels, now))]
        write_states(states.values())
        record_events(connection, [_event(alarm, now) for alarm in rung])
        return _make_notices(rung)


def _chosen_levels(organisation_ids: Collection[int]) -> dict[int, int | None]:
    rows = AlertSettings.objects.filter(organisation_id__in=organisation_ids)
    return dict(rows.values_list("organisation_id", "level_credits_micro"))


def _update(state: AlertState, found: Standing, levels: dict[int, int | None], now: datetime) -> Rung | None:
    """Brings the row to this look; what rang, if anything did."""
    outlook = Outlook(found.available, found.used, levels.get(found.organisation_id))
    sight = Sight(found.available, outlook.level, found.added_up_to)
    before, kind = state.seen_seq, None
    if before is None:
        alarms = first_look(sight)
    else:
        alarms, kind = look(Alarms(state.is_low_armed, state.is_empty_armed), sight)
    state.seen_seq = found.last_seq
    state.is_low_armed, state.is_empty_armed = alarms.is_low_armed, alarms.is_empty_armed
    if kind is None:
        return None
    _note_fired(state, kind, now)
    return Rung(kind, found.organisation_id, outlook, before or 0)


def _note_fired(state: AlertState, kind: NoticeKind, now: datetime) -> None:
    if kind is NoticeKind.EMPTY:
        state.empty_fired_at = now
    else:
        state.low_fired_at = now


def _event(alarm: Rung, now: datetime) -> Event:
    """Endpoints hear of it whether or not mail is switched off: they choose for themselves."""
    organisation_id, outlook = alarm.organisation_id, alarm.outlook
    told = {
        "id": public_organisation_id(organisation_id),
        "available": credits_text(outlook.available),
        "level": credits_text(outlook.level),
    }
    return Event(organisation_id, EventType.CREDITS_LOW, now, told)


def _make_notices(rung: Sequence[Rung]) -> int:
    ids = [alarm.organisation_id for alarm in rung]
    silent = AlertSettings.objects.filter(organisation_id__in=ids, is_enabled=False)
    silent_ids = set(silent.values_list("organisation_id", flat=True))
    wanted = [alarm for alarm in rung if alarm.organisation_id not in silent_ids]
    for alarm in wanted:
        _make_notice(alarm)
    return len(wanted)


def _make_notice(alarm: Rung) -> None:
    if alarm.kind is NoticeKind.LOW:
        letter = low_letter(alarm.organisation_id, alarm.outlook)
    else:
        at = emptied_at(organisation_id=alarm.organisation_id, after_seq=alarm.seen_seq)
        letter = emptied_letter(alarm.organisation_id, at or utc_now())
    make_notice(organisation_id=alarm.organisation_id, kind=alarm.kind, letter=letter)
