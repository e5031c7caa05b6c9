"""Texts that are spoken into files in the background."""
