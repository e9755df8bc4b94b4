"""What is kept of values: histogram and statistics, their growth and merging."""
