"""Each engine loaded once, with real weights, and one who listens."""

from assets import hibari, kokoro, kokoro_folder, piper, piper_folder, whisper_folder

__all__ = ["hibari", "kokoro", "kokoro_folder", "piper", "piper_folder", "whisper_folder"]
