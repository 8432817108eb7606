"""A simulated message centre: an SMPP 3.4 server, a virtual phone page, and a journal of all that arrived."""
