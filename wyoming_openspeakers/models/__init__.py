"""Models: what there is, where its files are, which process runs it and whose turn it is."""
