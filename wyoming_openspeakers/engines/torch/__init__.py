"""What engines on PyTorch share: reading checkpoints, moving weights, stopping in the middle of a run."""
