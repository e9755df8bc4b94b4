"""Which layers cost accuracy, what would help, and the mix that meets a goal."""
