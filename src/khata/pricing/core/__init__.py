"""Pure price arithmetic: credits for an amount of money, and the longest prefix that prices a destination."""
