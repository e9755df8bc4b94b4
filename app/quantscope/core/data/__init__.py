"""What calibration data is and how it becomes a tensor, as values that can be stored."""
