"""Opting numbers out, and in again. A message that was accepted before goes out, unless it is scheduled for later."""

from collections.abc import Sequence

from khata.kernel.errors import FieldProblem, InvalidRequest, NotFound, field_problem
from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.configuration import home_region
from khata.messaging.core.recipients import NotReachable, e164
from khata.messaging.guard_rows import Number, add_opted_out, delete_opted_out
from khata.messaging.rows import Connection
from khata.tenancy.operations import note_opt_outs

OPT_OUTS_AT_ONCE_MAX = 10_000
REASON_LENGTH_MAX = 200


@needs_database
def add_opt_outs(*, organisation_id: int, recipients: Sequence[str], reason: str = "") -> int:
    """Numbers as people write them, all or none; in force with the next batch. Returns how many were new.

    Raises InvalidRequest, naming each that is no number by its place.
    """
    numbers, problems = _read(organisation_id, recipients)
    if not 0 < len(recipients) <= OPT_OUTS_AT_ONCE_MAX:
        detail = f"Name 1 to {OPT_OUTS_AT_ONCE_MAX:,} numbers at once."
        problems.append(field_problem("recipients", "count", detail))
    if len(reason) > REASON_LENGTH_MAX or "\x00" in reason:
        problems.append(field_problem("reason", "invalid", f"A reason has at most {REASON_LENGTH_MAX} characters."))
    if problems:
        raise InvalidRequest(problems)
    with in_transaction() as connection:
        return write_opt_outs(connection, numbers, reason.strip())


@needs_database
def remove_opt_out(*, organisation_id: int, recipient: str) -> None:
    """It may be written to again, from the next batch on. Raises NotFound."""
    numbers, _ = _read(organisation_id, [recipient])
    with in_transaction() as connection:
        if not numbers or not delete_opted_out(connection, numbers):
            raise NotFound


def write_opt_outs(connection: Connection, numbers: Sequence[Number], reason: str) -> int:
    """As `add_opt_outs`, in the caller's transaction."""
    new_count = add_opted_out(connection, numbers, reason)
    note_opt_outs(connection, {number.organisation_id for number in numbers})
    return new_count


def _read(organisation_id: int, recipients: Sequence[str]) -> tuple[list[Number], list[FieldProblem]]:
    numbers, problems = [], []
    for place, text in enumerate(recipients):
        try:
            numbers.append(Number(organisation_id, e164(text, home_region())))
        except NotReachable as error:
            problems.append(field_problem(f"recipients[{place}]", "invalid_recipient", str(error)))
    return numbers, problems
