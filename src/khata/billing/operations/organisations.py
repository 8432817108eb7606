"""An organisation that can hold credits."""

from khata.kernel.transactions import in_transaction
from khata.ledger import operations as ledger
from khata.tenancy import operations as tenancy
from khata.tenancy.models import Member, Organisation


def open_organisation(*, name: str, owner: Member) -> Organisation:
    """An organisation with its first owner and an empty wallet. Raises InvalidRequest."""
    with in_transaction():
        organisation = tenancy.create_organisation(name=name, owner=owner)
        ledger.open_wallet(organisation.id)
    return organisation
