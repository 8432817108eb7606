"""Public ids in addresses: a wrong one is no address of ours, so it answers 404 before any view runs."""

from uuid import UUID

from khata.kernel.ids import public_id, uuid_from_public


class _PublicId:
    prefix: str
    regex: str

    def to_python(self, text: str) -> UUID:
        return uuid_from_public(self.prefix, text)

    def to_url(self, value: UUID | str) -> str:
        return value if isinstance(value, str) else public_id(self.prefix, value)


def public_id_converter(prefix: str) -> type[_PublicId]:
    """For ids like `msg_…`, by their prefix."""
    return type("PublicId", (_PublicId,), {"prefix": prefix, "regex": f"{prefix}_[0-9a-z]{{26}}"})
