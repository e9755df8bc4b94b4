"""Guide, explanation, hints and the sheet of shortcuts."""
