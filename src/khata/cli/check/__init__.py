"""`khata check`: what is misconfigured, each in a sentence."""
