"""The side server."""
