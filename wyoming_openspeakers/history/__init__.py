"""What was spoken, and what is still to be spoken into files."""
