"""What an export does to weights and biases before it writes them, so that quantization costs less.

Types stay those of the plan.
"""
