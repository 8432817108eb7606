"""Handing one message to the outside: the port every carrier's driver speaks, and the drivers."""
