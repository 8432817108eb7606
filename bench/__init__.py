"""How much Khata does in a second, and what the same machine could do at most: `make bench`.

Not part of the product. Every figure stands beside a ceiling measured in the same run on the same server. A line is one
file in `lines/` with a function `measure`; it plays on a stage of its own: a fresh database and the programs it starts.
"""
