"""What the target refuses before an export, and what the export found out."""
