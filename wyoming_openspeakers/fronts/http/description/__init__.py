"""What there is, told to people and to programs."""
