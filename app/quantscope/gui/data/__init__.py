"""Which data to calibrate with, how files become tensors, and a sample before and after."""
