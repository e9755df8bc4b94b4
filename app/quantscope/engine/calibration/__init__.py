"""One pass over the data: what every tensor held, counted in memory that does not grow.

Knows no plan: what is counted answers every later question about types.
"""
