"""What a view may count on once a member and their organisation are known."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from khata.tenancy.models import Member, Organisation
from khata.tenancy.queries import MembershipRow


class ConsoleRequest(HttpRequest):
    """Any request after the middleware: `membership` and `organisation` are None for who has none."""

    htmx: HtmxDetails
    membership: MembershipRow | None
    organisation: Organisation | None


class MemberRequest(HttpRequest):
    """A request of a signed-in member of an organisation (see access.py)."""

    htmx: HtmxDetails
    user: Member
    membership: MembershipRow
    organisation: Organisation
