"""The lines of the table, in its order; each is a module here."""

LINES = ("core", "acceptance", "single", "batch", "mixed", "dispatch", "history", "disk", "memory")
