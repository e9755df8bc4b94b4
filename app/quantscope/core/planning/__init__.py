"""From statistics to types: schemes, targets, placement, and the plan that follows."""
