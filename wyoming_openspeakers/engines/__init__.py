"""Speech engines, one file each, run inside a worker process."""
