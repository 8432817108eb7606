"""Rules against pumping, kept to under the wallet's lock: two processes cannot both use the last of an hour.

Only what is accepted counts. What no rule counts (home, unless one names it) costs nothing here, not even a read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from khata.kernel.errors import KhataError
from khata.messaging.configuration import home_region, velocity_rules
from khata.messaging.core.country_names import country_name
from khata.messaging.core.draft import SmsDraft
from khata.messaging.core.velocity import TooFast, Velocity, VelocityRule, counts_home, renew, rules_for, take
from khata.messaging.errors import DestinationThrottled
from khata.messaging.guard_rows import Destination, load_velocities, write_velocities
from khata.messaging.operations.requests import Entry
from khata.messaging.rows import Connection

_Rules = Mapping[int, Sequence[VelocityRule]]
"""By place, of the entries that some rule counts."""


class Traffic:
    """What went to the batch's counted destinations before it, and which rules count which entry."""

    def __init__(self, now: datetime, rules: _Rules, velocities: dict[Destination, Velocity]) -> None:
        self.now = now
        self.rules = rules
        self.velocities = velocities

    def take(self, entry: Entry) -> KhataError | None:
        """Counts it to all its destinations, or to none."""
        taken = {}
        for rule in self.rules.get(entry.place, ()):
            destination = Destination(entry.organisation_id, rule.destination)
            counted = take(self.velocities[destination], rule, self.now)
            if isinstance(counted, TooFast):
                return _throttled(rule, counted)
            taken[destination] = counted
        self.velocities.update(taken)
        return None


def keep_within_velocity(
    connection: Connection, entries: Sequence[Entry]
) -> tuple[list[Entry], Traffic | None, dict[int, KhataError]]:
    """The entries their rules let through, in order, and the refusals by place. Call it under the wallets' locks."""
    rules = _rules(entries)
    if not rules:
        return list(entries), None, {}
    destinations = {
        Destination(entry.organisation_id, rule.destination) for entry in entries for rule in rules.get(entry.place, ())
    }
    now, kept = load_velocities(connection, destinations)
    before = {destination: renew(kept.get(destination), now) for destination in destinations}
    running = Traffic(now, rules, dict(before))
    refused = {entry.place: refusal for entry in entries if (refusal := running.take(entry)) is not None}
    return [entry for entry in entries if entry.place not in refused], Traffic(now, rules, before), refused


def note_traffic(connection: Connection, traffic: Traffic | None, accepted: Iterable[Entry]) -> None:
    """Writes where the accepted entries go."""
    if traffic is None:
        return
    for entry in accepted:
        traffic.take(entry)
    write_velocities(connection, traffic.velocities)


def _rules(entries: Sequence[Entry]) -> _Rules:
    rules, home = velocity_rules(), home_region()
    counted = entries if counts_home(rules, home) else [entry for entry in entries if entry.priced.region != home]
    found = {entry.place: tuple(_rules_of(entry, rules, home)) for entry in counted}
    return {place: counting for place, counting in found.items() if counting}


def _rules_of(entry: Entry, rules: Sequence[VelocityRule], home: str) -> Iterable[VelocityRule]:
    """None of e-mails: pumping is about telephone numbers."""
    draft = entry.priced.draft
    return rules_for(rules, entry.priced.region, draft.recipient, home) if isinstance(draft, SmsDraft) else ()


def _throttled(rule: VelocityRule, reached: TooFast) -> DestinationThrottled:
    is_prefix = rule.destination.startswith("+")
    where = f"numbers beginning {rule.destination}" if is_prefix else country_name(rule.destination)
    return DestinationThrottled(
        f"At most {reached.most:,} messages in one {reached.period} go to {where} for now: that is much more than your "
        "organisation usually sends there.",
        destination=rule.destination,
        period=reached.period,
        most=reached.most,
        retry_after_s=reached.retry_after_s,
    )
