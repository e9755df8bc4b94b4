"""The quantized file: Q/DQ nodes, stored integers, and the proof that it does as promised."""
