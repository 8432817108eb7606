"""Where messages may go: to countries the organisation allows, and to nobody who opted out."""

from collections.abc import Sequence

from khata.kernel.errors import KhataError
from khata.messaging.configuration import home_region
from khata.messaging.core.countries import NO_COUNTRY
from khata.messaging.core.country_names import country_name
from khata.messaging.errors import CountryNotAllowed, RecipientOptedOut
from khata.messaging.guard_rows import Number, find_opted_out
from khata.messaging.operations.requests import Entry
from khata.messaging.rows import Connection


def keep_welcome(connection: Connection, entries: Sequence[Entry]) -> tuple[list[Entry], dict[int, KhataError]]:
    """The entries that may go on, in order, and the refusals by place."""
    home = home_region()
    refused: dict[int, KhataError] = {
        entry.place: _not_allowed(entry.priced.region)
        for entry in entries
        if entry.priced.region != home and entry.priced.region not in entry.asker.countries
    }
    asked_for = [entry for entry in entries if entry.asker.has_opt_outs and entry.place not in refused]
    refused.update((place, RecipientOptedOut()) for place in _opted_out(connection, asked_for))
    return [entry for entry in entries if entry.place not in refused] if refused else list(entries), refused


def _opted_out(connection: Connection, entries: Sequence[Entry]) -> list[int]:
    """Places. Nothing is read where no organisation of the batch ever opted a number out."""
    if not entries:
        return []
    numbers = {entry.place: _number(entry) for entry in entries}
    found = find_opted_out(connection, set(numbers.values()))
    return [place for place, number in numbers.items() if number in found]


def _number(entry: Entry) -> Number:
    draft = entry.priced.draft
    assert draft is not None
    return Number(entry.organisation_id, draft.recipient)


def _not_allowed(region: str) -> CountryNotAllowed:
    if region == NO_COUNTRY:
        return CountryNotAllowed("This number belongs to no country: satellites and global networks get no messages.")
    return CountryNotAllowed(
        f"Your organisation does not send to {country_name(region)}. An owner can allow it: Settings, Countries.",
        country=region,
    )
