"""Taking money: the port every gateway's driver speaks, and the drivers. Knows no top-up and no credits."""
