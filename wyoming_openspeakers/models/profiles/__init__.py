"""Voices that users make: cloned from recordings, designed in words, or another voice with a style."""
