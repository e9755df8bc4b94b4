"""The dynamic ranges as a picture, as rows and as a table."""
