"""The public API under `/v1`, and the health pages."""
