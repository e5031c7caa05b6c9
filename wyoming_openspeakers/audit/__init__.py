"""Looks at a package before an engine is built on it: what bites later, where it is, and what to do about it."""
