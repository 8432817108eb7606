"""What can be done with organisations, members and API keys."""

from khata.tenancy.core.api_key_text import api_key_digest, is_well_formed
from khata.tenancy.errors import InvalidApiKey, MissingScope
from khata.tenancy.operations.api_keys import (
    SCOPES,
    Caller,
    authenticate_api_key,
    authenticate_api_keys,
    create_api_key,
    note_api_key_use,
    note_api_key_use_by_digest,
    require_scope,
    revoke_api_key,
    revoked_among,
)
from khata.tenancy.operations.destinations import allow_countries, note_opt_outs
from khata.tenancy.operations.limits import Asker, askers_known, change_sending_limits
from khata.tenancy.operations.organisations import BillingDetails, change_billing_details, create_organisation

__all__ = [
    "SCOPES",
    "Asker",
    "BillingDetails",
    "Caller",
    "InvalidApiKey",
    "MissingScope",
    "allow_countries",
    "api_key_digest",
    "askers_known",
    "authenticate_api_key",
    "authenticate_api_keys",
    "change_billing_details",
    "change_sending_limits",
    "create_api_key",
    "create_organisation",
    "is_well_formed",
    "note_api_key_use",
    "note_api_key_use_by_digest",
    "note_opt_outs",
    "require_scope",
    "revoke_api_key",
    "revoked_among",
]
