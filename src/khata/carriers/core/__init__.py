"""Decisions about carriers that need neither clock nor connection."""
