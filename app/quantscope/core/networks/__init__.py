"""Networks as described: layers, what preparation may do, what running them costs."""
