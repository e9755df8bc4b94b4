"""Which layers cost accuracy, what would help, the accuracy goal, and what layers cost to run."""
