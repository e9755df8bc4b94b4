"""Statistics that grow: pause, resume, more samples, other statistics, and whether they suffice."""
