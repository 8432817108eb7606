"""Who holds how many credits, and why. Knows no message, no payment, no HTTP."""
