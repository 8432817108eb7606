"""Who runs this installation: members who may open the operator's pages. Made and unmade on its command line alone."""

from khata.kernel.errors import NotFound
from khata.kernel.transactions import needs_database
from khata.tenancy.models import Member


@needs_database
def make_operator(*, email: str) -> bool:
    """Whether that changed anything. Raises NotFound: an operator signs up first, like everybody else."""
    return _set(email, is_operator=True)


@needs_database
def unmake_operator(*, email: str) -> bool:
    """Whether that changed anything; their next request is refused. Raises NotFound."""
    return _set(email, is_operator=False)


@needs_database
def operator_emails() -> list[str]:
    return list(Member.objects.filter(is_superuser=True).order_by("email").values_list("email", flat=True))


def _set(email: str, *, is_operator: bool) -> bool:
    members = Member.objects.filter(email=email.strip().lower())
    if not members.exists():
        raise NotFound(f"Nobody signs in as {email}.")
    return bool(members.exclude(is_superuser=is_operator).update(is_superuser=is_operator))
