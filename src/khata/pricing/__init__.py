"""What things cost: the price of credits (money → credits) and the rate card (channel, destination → credits)."""
