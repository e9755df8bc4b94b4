"""Plans written for other tools: pure functions from a plan to the text of a file."""
