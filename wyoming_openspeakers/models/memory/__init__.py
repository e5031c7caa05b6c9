"""Which models are in memory, and where."""
