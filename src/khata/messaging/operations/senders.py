"""What an organisation is in India's register, and the senders it may use."""

from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound, field_problem
from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.core.dlt import REGISTER_NUMBER, is_header
from khata.messaging.registrations import Registration, Sender, Template

SENDERS_MAX = 200


@needs_database
def change_registration(*, organisation_id: int, entity_ref: str, is_checked: bool) -> None:
    """In force with the next batch. Raises InvalidRequest."""
    if not REGISTER_NUMBER.fullmatch(entity_ref):
        detail = "An entity's number has 12 to 20 digits, most often 19."
        raise InvalidRequest([field_problem("entity_ref", "invalid", detail)])
    Registration.objects.update_or_create(
        shard=shard_of(organisation_id),
        organisation_id=organisation_id,
        defaults={"entity_ref": entity_ref, "is_checked": is_checked},
    )


@needs_database
def add_sender(*, organisation_id: int, name: str) -> None:
    """Adding one that is there changes nothing. Raises InvalidRequest."""
    if not is_header(name):
        detail = "A sender has 3 to 6 letters, or 6 digits where it is for promotional messages."
        raise InvalidRequest([field_problem("name", "invalid_sender", detail)])
    key = {"shard": shard_of(organisation_id), "organisation_id": organisation_id}
    if Sender.objects.filter(**key).exclude(name=name).count() >= SENDERS_MAX:
        raise InvalidRequest([field_problem("name", "too_many", f"There are {SENDERS_MAX} senders already.")])
    Sender.objects.get_or_create(**key, name=name, defaults={"created_at": utc_now()})


@needs_database
def remove_sender(*, organisation_id: int, name: str) -> None:
    """Raises NotFound, and InvalidRequest while templates in use go by it."""
    key = {"shard": shard_of(organisation_id), "organisation_id": organisation_id}
    with in_transaction():
        # Templates are added under this lock, which sees to it that none is on its way with that sender.
        Registration.objects.select_for_update().filter(**key).first()
        row = Sender.objects.filter(**key, name=name).first()
        if row is None:
            raise NotFound
        if Template.objects.filter(**key, sender=name, retired_at=None).exists():
            detail = f"Templates in use go by {name}. Retire them first."
            raise InvalidRequest([field_problem("name", "in_use", detail)])
        row.delete()
