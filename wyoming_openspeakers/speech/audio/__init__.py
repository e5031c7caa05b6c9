"""What happens to audio between an engine and a listener, in small chunks as they stream."""
