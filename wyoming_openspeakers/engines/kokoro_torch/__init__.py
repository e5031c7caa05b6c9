"""Kokoro's network on PyTorch, for GPUs: made from the author's own weights, with no package besides transformers."""
