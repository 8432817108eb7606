"""Organisations, their members, their billing details and their API keys."""
