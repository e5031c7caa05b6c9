"""The service's side of worker processes."""
