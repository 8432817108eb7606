"""What an owner wants to be told."""

from collections.abc import Iterator, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from khata.kernel.credits import AMOUNT_MICRO_MAX, MICRO_PER_CREDIT
from khata.kernel.errors import FieldProblem, InvalidRequest, field_problem
from khata.kernel.transactions import in_transaction
from khata.notices import queries
from khata.notices.models import AlertSettings, AlertState

EMAILS_MAX = 10


def change_alert_settings(
    *, organisation_id: int, is_enabled: bool, level_credits_micro: int | None, emails: Sequence[str]
) -> None:
    """A level of None is automatic. Raises InvalidRequest."""
    asked = [email.strip().lower() for email in emails if email.strip()]
    problems = [*_level_problems(level_credits_micro), *_email_problems(asked)]
    if problems:
        raise InvalidRequest(problems)
    chosen = {
        "is_enabled": is_enabled,
        "level_credits_micro": level_credits_micro,
        "emails": list(dict.fromkeys(asked)),
    }
    with in_transaction():
        AlertSettings.objects.update_or_create(organisation_id=organisation_id, defaults=chosen)
        _arm_for_new_level(organisation_id)


def _arm_for_new_level(organisation_id: int) -> None:
    """A balance that lies below the level just chosen is on the page before the owner: only a later fall is news."""
    AlertState.objects.select_for_update().filter(organisation_id=organisation_id).first()
    now = queries.outlook(organisation_id=organisation_id)
    is_low_armed = now.available >= now.level
    AlertState.objects.update_or_create(
        organisation_id=organisation_id,
        defaults={"is_low_armed": is_low_armed},
        create_defaults={"is_low_armed": is_low_armed, "is_empty_armed": now.available > 0, "seen_seq": 0},
    )


def _level_problems(level_micro: int | None) -> Iterator[FieldProblem]:
    if level_micro is not None and not MICRO_PER_CREDIT <= level_micro <= AMOUNT_MICRO_MAX:
        yield field_problem("level", "out_of_range", "Choose 1 credit or more, or leave it empty.")


def _email_problems(emails: Sequence[str]) -> Iterator[FieldProblem]:
    if len(emails) > EMAILS_MAX:
        yield field_problem("emails", "too_many", f"Name at most {EMAILS_MAX} addresses.")
    for email in emails:
        if not _is_email(email):
            yield field_problem("emails", "invalid", f"“{email[:80]}” is not an e-mail address.")


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
