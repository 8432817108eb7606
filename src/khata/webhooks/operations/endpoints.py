"""Webhook endpoints, in the order of their life: made, changed, given another secret, deleted."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.errors import FieldProblem, InvalidRequest, NotFound, field_problem
from khata.kernel.transactions import in_transaction
from khata.webhooks.configuration import opened_networks
from khata.webhooks.core.event_types import CHOOSABLE, EventType
from khata.webhooks.core.retries import DeliveryState
from khata.webhooks.core.targets import NotATarget, check_url
from khata.webhooks.errors import WebhookEndpointLimitReached
from khata.webhooks.models import Delivery, DisabledReason, WebhookEndpoint
from khata.webhooks.queries import endpoints_of
from khata.webhooks.secret_keys import ROTATION_DAYS, new_salt, secret_of

ENDPOINTS_MAX = 10
DESCRIPTION_LENGTH_MAX = 120


def create_endpoint(
    *, organisation_id: int, url: str, event_types: Sequence[str], description: str = ""
) -> tuple[UUID, str]:
    """Returns its id and its secret, which is not shown again.

    Raises InvalidRequest, WebhookEndpointLimitReached.
    """
    fields = _checked(url, event_types, description)
    salt = new_salt()
    with in_transaction() as connection:
        # One at a time for an organisation, so that the count stays true.
        connection.execute("select pg_advisory_xact_lock(hashtextextended('webhook endpoints', %s))", [organisation_id])
        if endpoints_of(organisation_id).count() >= ENDPOINTS_MAX:
            raise WebhookEndpointLimitReached
        endpoint = WebhookEndpoint.objects.create(organisation_id=organisation_id, salt=salt, **fields)
    return endpoint.id, secret_of(salt)


def change_endpoint(
    *,
    organisation_id: int,
    endpoint_id: UUID,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> None:
    """None leaves as it is. What is under way goes to a new address from its next attempt on.

    Enabled, it hears of what happens from then on: nothing is made up for. Raises InvalidRequest, NotFound.
    """
    fields = _checked(url, event_types, description)
    with in_transaction():
        endpoint = lock_endpoint(organisation_id, endpoint_id)
        WebhookEndpoint.objects.filter(id=endpoint_id).update(**fields)
        if is_enabled is False and endpoint.disabled_at is None:
            disable(endpoint, DisabledReason.SWITCHED_OFF)
        if is_enabled and endpoint.disabled_at is not None:
            _enable(endpoint)


def rotate_secret(*, organisation_id: int, endpoint_id: UUID) -> str:
    """Returns the new secret. For a day the former one signs as well. Raises NotFound."""
    salt = new_salt()
    with in_transaction():
        endpoint = lock_endpoint(organisation_id, endpoint_id)
        endpoint.former_salt, endpoint.salt = endpoint.salt, salt
        endpoint.former_until = utc_now() + timedelta(days=ROTATION_DAYS)
        endpoint.save(update_fields=["former_salt", "salt", "former_until"])
    return secret_of(salt)


def delete_endpoint(*, organisation_id: int, endpoint_id: UUID) -> None:
    """Its row stays, unseen, until its deliveries are forgotten: somebody may be recording one. Raises NotFound."""
    with in_transaction():
        disable(lock_endpoint(organisation_id, endpoint_id), DisabledReason.DELETED)


def disable(endpoint: WebhookEndpoint, reason: DisabledReason) -> None:
    """Ends what is under way to it, too. The caller holds the row's lock."""
    now = utc_now()
    endpoint.disabled_at, endpoint.disabled_reason = now, reason.value
    endpoint.save(update_fields=["disabled_at", "disabled_reason"])
    open_deliveries = Delivery.objects.filter(endpoint_id=endpoint.id, due_at__isnull=False)
    # In the order of ids, as by whoever writes outcomes down.
    list(open_deliveries.order_by("id").select_for_update(no_key=True).values_list("id"))
    open_deliveries.update(state=DeliveryState.FAILED.value, due_at=None, finished_at=now)


def lock_endpoint(organisation_id: int, endpoint_id: UUID) -> WebhookEndpoint:
    """Raises NotFound."""
    endpoint = endpoints_of(organisation_id).select_for_update(no_key=True).filter(id=endpoint_id).first()
    if endpoint is None:
        raise NotFound
    return endpoint


def _enable(endpoint: WebhookEndpoint) -> None:
    endpoint.disabled_at = endpoint.failing_since = endpoint.announced_at = None
    endpoint.disabled_reason = ""
    endpoint.save(update_fields=["disabled_at", "disabled_reason", "failing_since", "announced_at"])


def _checked(url: str | None, event_types: Sequence[str] | None, description: str | None) -> dict[str, object]:
    """The columns of what is given. Raises InvalidRequest."""
    problems: list[FieldProblem] = []
    fields: dict[str, object] = {}
    if url is not None:
        fields["url"] = url
        problems += _url_problems(url)
    if event_types is not None:
        fields["event_types"] = [kind.value for kind in EventType if kind in event_types]
        if not event_types or not set(event_types) <= set(CHOOSABLE):
            problems.append(field_problem("event_types", "unknown", f"Choose one or more of {', '.join(CHOOSABLE)}."))
    if description is not None:
        fields["description"] = description.strip()
        if len(description) > DESCRIPTION_LENGTH_MAX or "\0" in description:
            problems.append(field_problem("description", "invalid", f"At most {DESCRIPTION_LENGTH_MAX} characters."))
    if problems:
        raise InvalidRequest(problems)
    return fields


def _url_problems(url: str) -> list[FieldProblem]:
    try:
        check_url(url, opened=opened_networks())
    except NotATarget as error:
        return [field_problem("url", "not_allowed", str(error))]
    return []
