"""Who comes in, and how many at a time."""
