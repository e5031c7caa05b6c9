"""Texts spoken into files, and what was spoken."""
