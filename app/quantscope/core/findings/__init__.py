"""What exports and validations found out, and how it reads."""
