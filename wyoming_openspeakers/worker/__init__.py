"""The child process that engines run in: standard library, numpy, wyoming and the engines' own packages."""
