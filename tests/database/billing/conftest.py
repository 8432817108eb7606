"""Billing is tested against a staged gateway."""

from tests.top_ups import gateway, top_up

__all__ = ["gateway", "top_up"]
