"""What integers stand for: rounding, data types, casts, words; the smallest ground."""
