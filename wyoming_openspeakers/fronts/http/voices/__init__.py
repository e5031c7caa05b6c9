"""Voices that users make."""
