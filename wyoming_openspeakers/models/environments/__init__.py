"""Virtual environments of engines that need packages of their own."""
