"""Model files: open one from anywhere, refuse in one sentence what cannot be quantized.

May import ``core`` and the rest of ``engine`` that knows no data. Never runs a network.
"""
