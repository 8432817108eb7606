"""`khata demo`: everything on one machine, the far ends simulated, ended together."""
