"""Rounding of weights in which each makes up for what is wrong with those before it.

`layers` is the door: it takes a prepared network and yields one with rounded weights. `patches`
says what each weight is multiplied with, `moments` sums the products of those values over the
samples, `compensation` is the arithmetic. May import the rest of the engine; must never keep
samples.
"""
