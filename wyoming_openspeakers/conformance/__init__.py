"""What every engine must do: checks that run on any model, with its real weights, in real workers."""
