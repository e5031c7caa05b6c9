"""Writes out what a voice would read wrongly: numbers, units, times, dates, amounts, signs and abbreviations."""

from __future__ import annotations

from .normalizer import normalize, warm

__all__ = ["normalize", "warm"]
