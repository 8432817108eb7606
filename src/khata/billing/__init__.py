"""Money in: top-ups, from Add Credits to Payment Successful."""
