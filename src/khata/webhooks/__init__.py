"""Telling customers' programs: webhook endpoints, the events they want, and how each delivery went."""
