"""A request to send and what it comes to: checked and priced, with nothing held and nothing locked yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from khata.kernel.clock import utc_now
from khata.kernel.errors import FieldProblem, InvalidRequest, KhataError, field_problem
from khata.kernel.ids import new_uuid
from khata.mail.core.composing import Attachment
from khata.messaging.configuration import home_region
from khata.messaging.core.countries import NO_COUNTRY, region_of
from khata.messaging.core.draft import SmsDraft, check_sms
from khata.messaging.core.mail_draft import MailDraft, check_mail
from khata.messaging.core.routes import RouteTable
from khata.messaging.core.scheduling import ahead_problem
from khata.messaging.core.templates import BoundTemplate
from khata.messaging.errors import DestinationUnpriced, InvalidRecipient, NoRoute
from khata.messaging.operations.replays import request_digest
from khata.messaging.operations.routes import routes_in_force
from khata.pricing.core.rate_card import RateCard
from khata.pricing.queries import rate_card
from khata.tenancy.operations import Asker


class MailParts(Struct, frozen=True):
    """What an e-mail has besides its text. `has_unsubscribe`: whether it offers a way out of further ones."""

    subject: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    has_unsubscribe: bool = True


class SendRequest(Struct, frozen=True):
    """One message as asked for. `recipient` is a telephone number as people write it, or an e-mail address."""

    recipient: str
    body: str
    sender: str | None = None
    channel: str = "sms"
    reference: str | None = None
    metadata: Mapping[str, str] | None = None
    template: str | None = None
    """The register's number of the template it goes by."""
    mail: MailParts | None = None
    """Of e-mails."""
    scheduled_at: datetime | None = None
    """When it is to be handed over; at once where that has passed."""


class Acceptance(Struct, frozen=True):
    """A request with who asks: a signed-in member's organisation, or an API key's digest (read again in the batch)."""

    request: SendRequest
    organisation_id: int | None = None
    member_id: UUID | None = None
    api_key_digest: bytes | None = None
    api_key_id: UUID | None = None
    idempotency_key: str | None = None


Draft = SmsDraft | MailDraft


class Priced(Struct, frozen=True):
    """An acceptance with its draft, its country and price (micro-credits), or with what is wrong with it."""

    acceptance: Acceptance
    message_id: UUID
    draft: Draft | None = None
    credits: int = 0
    route_id: int = 0
    digest: bytes = b""
    region: str = NO_COUNTRY
    refusal: KhataError | None = None
    template: BoundTemplate | None = None


class Entry(Struct, frozen=True):
    """A priced request of a known asker on its way through a batch; `place` is where its answer goes."""

    place: int
    asker: Asker
    priced: Priced

    @property
    def organisation_id(self) -> int:
        return self.asker.organisation_id

    @property
    def key(self) -> tuple[int, str] | None:
        """What makes its effect happen once, if it asked for that."""
        text = self.priced.acceptance.idempotency_key
        return None if text is None else (self.asker.organisation_id, text)


def price_all(acceptances: Sequence[Acceptance]) -> list[Priced]:
    card, routes, home = rate_card(), routes_in_force(), home_region()
    return [_price(acceptance, card, routes, home) for acceptance in acceptances]


def price_request(
    request: SendRequest, card: RateCard, routes: RouteTable, home: str
) -> tuple[Draft, int, int] | KhataError:
    """The request ready to go, what it costs (micro-credits) and its route's version, or what is wrong with it.

    The version is 0 while the sender, and so the route, is not known.
    """
    draft = _check(request, home)
    if isinstance(draft, list):
        is_recipient = {problem["code"] for problem in draft} == {"invalid_recipient"}
        return InvalidRecipient(draft[0]["detail"], errors=draft) if is_recipient else InvalidRequest(draft)
    rate = card.rate_for(draft.channel, _digits(draft))
    if rate is None:
        return DestinationUnpriced()
    version = 0 if _is_sender_open(draft) else _route_version(routes, draft)
    if version is None:
        return NoRoute()
    return draft, rate.credits_micro * draft.segment_count, version


def with_sender(entry: Entry, draft: Draft) -> Entry | None:
    """The entry with a draft whose sender was found on its way, and the route of that; None where there is none."""
    version = _route_version(routes_in_force(), draft)
    return None if version is None else replace(entry, priced=replace(entry.priced, draft=draft, route_id=version))


def _is_sender_open(draft: Draft) -> bool:
    """An e-mail without one gets its organisation's, which is read later."""
    return isinstance(draft, MailDraft) and not draft.sender


def _route_version(routes: RouteTable, draft: Draft) -> int | None:
    """An e-mail's sender is its address, whatever name is shown with it."""
    sender = draft.mailbox.address if isinstance(draft, MailDraft) else draft.sender
    route = routes.route_for(draft.channel, _digits(draft), sender)
    return None if route is None else route.version


def _digits(draft: Draft) -> str:
    return draft.recipient.removeprefix("+") if isinstance(draft, SmsDraft) else ""


def _check(request: SendRequest, home: str) -> Draft | list[FieldProblem]:
    draft = _check_mail(request) if request.channel == "email" else _check_sms(request, home)
    if request.scheduled_at is None or (problem := ahead_problem(request.scheduled_at, utc_now())) is None:
        return draft
    return [*draft, problem] if isinstance(draft, list) else [problem]


def _check_sms(request: SendRequest, home: str) -> SmsDraft | list[FieldProblem]:
    if request.mail is not None:
        return [field_problem("channel", "invalid", "Only an e-mail has a subject, HTML or attachments.")]
    return check_sms(
        recipient=request.recipient,
        body=request.body,
        sender=request.sender,
        reference=request.reference,
        metadata=request.metadata,
        home=home,
    )


def _check_mail(request: SendRequest) -> MailDraft | list[FieldProblem]:
    if request.template is not None:
        return [field_problem("template", "invalid", "Only an SMS goes by a registered template.")]
    parts = request.mail or MailParts("")
    return check_mail(
        recipient=request.recipient,
        sender=request.sender,
        subject=parts.subject,
        body=request.body,
        html=parts.html,
        attachments=parts.attachments,
        has_unsubscribe=parts.has_unsubscribe,
        reference=request.reference,
        metadata=request.metadata,
    )


def _price(acceptance: Acceptance, card: RateCard, routes: RouteTable, home: str) -> Priced:
    priced = price_request(acceptance.request, card, routes, home)
    if isinstance(priced, KhataError):
        return Priced(acceptance, new_uuid(), refusal=priced)
    digest = b"" if acceptance.idempotency_key is None else request_digest(acceptance.request)
    # Rules of countries are about telephone numbers: an e-mail is at home everywhere.
    region = region_of(priced[0].recipient, home) if isinstance(priced[0], SmsDraft) else home
    return Priced(acceptance, new_uuid(), *priced, digest, region)
