"""What is read and written: questions about files, autosave, recovery, exported pictures."""
