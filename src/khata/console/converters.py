"""Public ids in addresses: a wrong one is no address of ours, so it answers 404 before any view runs."""

from uuid import UUID

from khata.kernel.ids import public_id, uuid_from_public


class _PublicId:
    prefix = ""

    def to_python(self, text: str) -> UUID:
        return uuid_from_public(self.prefix, text)

    def to_url(self, value: UUID | str) -> str:
        return value if isinstance(value, str) else public_id(self.prefix, value)


class TopUpId(_PublicId):
    prefix = "top"
    regex = "top_[0-9a-z]{26}"


class DocumentId(_PublicId):
    prefix = "inv"
    regex = "inv_[0-9a-z]{26}"


class WebhookEndpointId(_PublicId):
    prefix = "whe"
    regex = "whe_[0-9a-z]{26}"


class WebhookDeliveryId(_PublicId):
    prefix = "whd"
    regex = "whd_[0-9a-z]{26}"


class MessageId(_PublicId):
    prefix = "msg"
    regex = "msg_[0-9a-z]{26}"


class DomainId(_PublicId):
    prefix = "dom"
    regex = "dom_[0-9a-z]{26}"


class SuppressionId(_PublicId):
    prefix = "sup"
    regex = "sup_[0-9a-z]{26}"


class TemplateId(_PublicId):
    prefix = "tpl"
    regex = "tpl_[0-9a-z]{26}"


class OptOutId(_PublicId):
    prefix = "opt"
    regex = "opt_[0-9a-z]{26}"
