"""Text on its way to an engine: sentences out of a stream, and words that can be spoken."""
